"""One probe: a program in a release's environment, beside a healthy broker, under a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bisector.environments.building import (
    NoInterpreterError,
    UninstallableError,
    import_failure,
    install,
    surroundings,
)
from bisector.environments.recipes import Environment
from bisector.errors import OutsideError
from bisector.isolation import sandbox
from bisector.isolation.leftovers import left_behind
from bisector.isolation.relay import Identity, Relay
from bisector.isolation.sandbox import Arrangement
from bisector.processes import process
from bisector.processes.redaction import redact
from bisector.questions import astray, ending
from bisector.questions.ending import MATCHED, Cause, Rules
from bisector.questions.programs import SCENARIO_TIMEOUT, Program
from bisector.rabbitmq import BrokerError
from bisector.rabbitmq.broker import Broker, Lease
from bisector.search.exact import Verdict
from bisector.tasks import stop

NO_ANSWER = "no answer from RabbitMQ"
"""The outcome with which a scenario says that even its plain aio-pika control failed."""
NO_INTERPRETER = "no interpreter"
"""The outcome where this machine lacks the interpreter to walk to: not for the journal."""
UNIMPORTABLE = "unimportable"
"""The outcome where the release itself does not import."""
TAKEN = "address taken"
"""The outcome of a program that could not listen where it wanted to."""
POLL = 0.01
"""Seconds between two looks at whether a scenario has imported the release."""
EARLY = "early.json"
"""Where a scenario writes what it thinks while it still waits."""
ATTEMPTS = 3
"""How many times a probe is made before trouble with the broker stops the search."""
TOGETHER = Arrangement()
"""Kept apart by virtual hosts and files alone."""


@dataclass(frozen=True)
class Observation:
    """What one probe of one release saw."""

    version: str
    verdict: Verdict
    outcome: str
    """In a word: works, hang, error, unimportable, uninstallable, ..."""
    reason: str
    """In a line: what happened."""
    seconds: float
    """How long the probe took, without installing and without waiting for RabbitMQ."""
    dependencies: dict[str, str] = field(default_factory=dict)
    """Distributions in the release's environment: version by name."""
    evidence: dict[str, Any] = field(default_factory=dict)
    python: str = ""
    """Full version of the release's interpreter."""
    output: str = ""
    """The end of what the program wrote."""
    alone: bool = False
    """Whether no other probe ran meanwhile."""

    @property
    def early(self) -> bool:
        """Whether a hang was called before the deadline."""
        return bool(self.evidence.get("early"))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**asdict(self), "verdict": self.verdict.value}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Observation:
        """Read what `to_json` wrote."""
        return cls(**{**row, "verdict": Verdict(row["verdict"])})


Early = Callable[[Observation], Awaitable[None]]
"""Is told of a hang that a scenario calls early, while it waits on."""


async def observe(
    version: str,
    environment: Environment,
    program: Program,
    broker: Broker,
    rules: Rules,
    stage: Callable[[str], None] = lambda _text: None,
    arrangement: Arrangement = TOGETHER,
    early: Early | None = None,
) -> Observation:
    """Install a release and probe it.

    Args:
        version: what to call it.
        stage: is told what is being done, for the display.
        arrangement: how far a user's program is kept apart from others.
        early: is told of a scenario's hang before its deadline; None: nobody wants to know.

    Raises:
        AstrayError: the program was refused where its RabbitMQ is not.
        OutsideError: trouble that says nothing about the release.
    """
    try:
        stage("installing")
        await install(environment)
    except UninstallableError as error:
        lasting = not isinstance(error, NoInterpreterError)
        outcome = "uninstallable" if lasting else NO_INTERPRETER
        return Observation(version, Verdict.SKIP, outcome, redact(str(error)), 0.0)
    try:
        command = program.command(environment.interpreter)
    except LookupError as error:
        reason = str(error.args[0])
        return Observation(
            version, Verdict.SKIP, "untestable", reason, 0.0, environment.dependencies(),
            python=environment.python_version,
        )  # fmt: skip
    for attempt in range(ATTEMPTS):
        stage("waiting for RabbitMQ")
        aborted: OutsideError | None = None
        lease = await broker.lease() if not program.builtin else None
        try:
            async with (
                _started(
                    command, environment, program, broker, rules, arrangement, early=bool(early)
                ) as probe,
                _listening(version, environment, probe, early),
            ):
                lease = probe.lease
                stage("probing again" if attempt else "probing")
                observation = await _watch(version, environment, program, probe, rules)
                if observation.verdict is Verdict.GOOD:
                    return observation
        except OutsideError as error:
            aborted = error
        # Anything but success may be the broker's doing.
        trouble = await lease.trouble() if lease else None
        if trouble is None and aborted is None:
            return observation
        if trouble is None and aborted is not None and not _brokers(aborted):
            raise aborted
    raise OutsideError(
        f"the probe of {version} was void {ATTEMPTS} times ({trouble or aborted}):"
        " see that RabbitMQ stays up and run it again, what is known is kept"
    )


def _brokers(error: OutsideError) -> bool:
    """Whether the broker is to blame, so that asking again is worth it."""
    return isinstance(error, BrokerError) or (isinstance(error, AbortedError) and error.broker)


class AbortedError(OutsideError):
    """A program asked to stop; `broker`: because RabbitMQ did not answer it."""

    broker = False


@dataclass(frozen=True)
class _Started:
    """A program that has started, and what was made for it."""

    process: process.Process
    lease: Lease
    report: Path
    """The file that a scenario reports to."""
    folder: Path
    """Where it runs."""
    secrets: tuple[str, ...]
    """URLs that it knows."""
    relay: Relay | None = None
    vhost: str = ""
    """What it knows as `/`."""

    def heard(self) -> float:
        """When RabbitMQ last heard from it, as far as that is seen."""
        return self.relay.heard if self.relay else 0.0


@contextlib.asynccontextmanager
async def _started(
    command: Sequence[str],
    environment: Environment,
    program: Program,
    broker: Broker,
    rules: Rules,
    arrangement: Arrangement,
    *,
    early: bool,
) -> AsyncIterator[_Started]:
    """Start the program beside a healthy broker; a user's has a virtual host of its own there.

    Raises:
        BrokerError: the broker went away meanwhile.
    """
    with tempfile.TemporaryDirectory(prefix="bisector-", ignore_cleanup_errors=True) as folder:
        if program.builtin:
            start = _start_scenario(
                command, environment, program, broker, Path(folder), early=early
            )
        else:
            start = _start_program(
                command, environment, program, broker, rules, arrangement, Path(folder)
            )
        async with start as started:
            yield started


@contextlib.asynccontextmanager
async def _start_scenario(
    command: Sequence[str],
    environment: Environment,
    program: Program,
    broker: Broker,
    scratch: Path,
    *,
    early: bool,
) -> AsyncIterator[_Started]:
    """Let it import the release while RabbitMQ boots; a pipe tells it when that is up."""
    report, pipe = scratch / "report.json", scratch / "broker"
    os.mkfifo(pipe)
    told = {"PROBE_REPORT": str(report), "PROBE_BROKER": str(pipe)}
    told |= {"PROBE_EARLY": str(report.with_name(EARLY))} if early else {}
    async with contextlib.AsyncExitStack() as stack:
        async with broker.room():
            started = process.start(command, surroundings(environment) | told)
            running = await stack.enter_async_context(started)
            written = await _asked(pipe, running)
        lease = await broker.lease()
        # Scenarios share a virtual host: their names are unique and nothing of theirs stays, while
        # making one takes RabbitMQ as long as it takes a scenario to connect.
        variables = lease.server.variables
        if written is not None:
            with os.fdopen(written, "wb") as file:
                file.write(json.dumps(variables).encode() + b"\n")
        yield _Started(running, lease, report, program.folder, tuple(variables.values()))


async def _asked(pipe: Path, running: process.Process) -> int | None:
    """Wait until a scenario asks where RabbitMQ is; returns the pipe's descriptor.

    None: it ended before, or had time enough.
    """
    while running.seconds < SCENARIO_TIMEOUT:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads yet
                raise
        if await running.wait(POLL) is not None:
            break
    return None


@contextlib.asynccontextmanager
async def _start_program(
    command: Sequence[str],
    environment: Environment,
    program: Program,
    broker: Broker,
    rules: Rules,
    arrangement: Arrangement,
    scratch: Path,
) -> AsyncIterator[_Started]:
    """Give it surroundings in which it disturbs nobody, and nobody it."""
    assert program.files is not None
    lease = await broker.lease()
    async with (
        lease.server.alone() as server,
        sandbox.prepare(server, program.files, program.needs, arrangement, scratch) as made,
    ):
        environ = {
            **surroundings(environment),
            "PYTHONFAULTHANDLER": "1",  # where it hangs, should it not even hear SIGINT
            **made.variables,
        }
        kept = MATCHED if rules.match or rules.until else process.KEPT
        inner = made.namespace
        moved = program.moved(command, made.folder)
        async with process.start(
            moved, environ, made.folder, kept, inner.theirs if inner else None
        ) as running:
            if inner and made.relay:
                try:
                    await made.relay.listen(*await asyncio.to_thread(inner.sockets))
                except OSError as error:
                    raise OutsideError(
                        "a probe got no network namespace", running.output
                    ) from error
            vhost = Identity.of(server.url).vhost if lease.server.isolates else ""
            secrets = tuple({*server.variables.values(), str(made.variables["AMQP_URL"])})
            yield _Started(
                running, lease, scratch / "none", made.folder, secrets, made.relay, vhost
            )


@contextlib.asynccontextmanager
async def _listening(
    version: str, environment: Environment, probe: _Started, early: Early | None
) -> AsyncIterator[None]:
    """Tell of a hang that is called early."""

    async def listen() -> None:
        assert early is not None
        while not (told := _read(probe.report.with_name(EARLY))):
            if await probe.process.event(ending.WAITED * SCENARIO_TIMEOUT) is not None:
                return
        reason, outcome = str(told["reason"]), str(told["outcome"])
        await early(
            Observation(
                version, Verdict.BAD, outcome, reason, round(probe.process.seconds, 2),
                environment.dependencies(), told["evidence"], environment.python_version,
            )
        )  # fmt: skip

    listening = [asyncio.create_task(listen())] if early else []
    try:
        yield
    finally:
        await stop(listening)


async def _watch(
    version: str,
    environment: Environment,
    program: Program,
    probe: _Started,
    rules: Rules,
) -> Observation:
    """See how a running program ends.

    Raises:
        AbortedError: it ended with 128 or more, or by a signal; or a scenario ended untold.
        AstrayError: it was refused where its RabbitMQ is not.
    """
    end = await ending.watch(probe.process, rules, probe.heard)
    if program.builtin:
        end = replace(end, busy=False)  # it has deadlines of its own
    output = probe.process.output.replace(probe.vhost, "/") if probe.vhost else probe.process.output
    verdict, outcome, reason = ending.judge(end, output, rules)
    evidence: dict[str, Any] = {}
    if end.code is None and end.cause is not Cause.WROTE and probe.lease.server.url:
        seconds = await _control(probe.lease)  # while it still hangs
        evidence["control"] = {"answered": True, "seconds": round(seconds, 4)}
    told = _read(probe.report)
    evidence = {**told.get("evidence", {}), **evidence}
    if end.code is not None and program.builtin:
        outcome, reason = str(told.get("outcome", outcome)), str(told.get("reason", reason))
        if not told:  # it never came to asking the release anything
            verdict = None
    if verdict is None:
        ended = "did not end" if end.code is None else f"ended with exit code {end.code}"
        error = AbortedError(
            f"{program.name} asked to stop at {version}: it {ended}; {reason}", output
        )
        error.broker = outcome == NO_ANSWER
        raise error
    if not program.builtin:
        if end.code is None:
            stood = await ending.interrupt(probe.process, probe.folder)
            evidence |= {"silent_seconds": end.silent}
            evidence |= {"await_chain": stood} if stood and outcome == ending.HANG else {}
        # A program that just fails does not know that the release does not even import.
        failed = verdict is Verdict.BAD and end.code is not None
        if failed and (failure := await import_failure(environment)):
            verdict, outcome, reason = Verdict.SKIP, UNIMPORTABLE, failure
        elif verdict is not Verdict.GOOD:
            astray.check(program, output, probe.relay)
        evidence |= await _said(probe)
        if outcome == "error" and astray.ADDRESS_TAKEN.search(output):
            outcome = TAKEN
    if outcome == UNIMPORTABLE and rules.unimportable == ending.BAD:
        verdict, reason = Verdict.BAD, f"{reason} (bad, as --unimportable says)"
    folders = [probe.folder, program.folder]
    return Observation(
        version,
        verdict,
        outcome,
        redact(reason, probe.secrets, folders),
        round(end.seconds, 2),
        environment.dependencies(),
        redact(evidence, probe.secrets, folders),
        environment.python_version,
        redact(output[-process.KEPT :], probe.secrets, folders),
    )


async def _said(probe: _Started) -> dict[str, Any]:
    """What RabbitMQ and the program had to say to each other, as far as the relay saw it."""
    relay = probe.relay
    if relay is None:
        return {}
    said: dict[str, Any] = {"connections": relay.opened}
    if relay.complaints:
        said["complaints"] = [text.replace(probe.vhost or "/", "/") for text in relay.complaints]
    if not probe.lease.server.isolates:
        left = await left_behind(probe.lease.server.url, relay.declared)
        said["left_behind"] = sorted(f"{kind} {name}" for kind, name in left)
    return said


async def _control(lease: Lease) -> float:
    """Seconds in which plain aio-pika gets through now.

    Raises:
        AbortedError: it does not, so that nothing can be said about the release.
    """
    try:
        return await lease.control()
    except BrokerError as error:
        void = AbortedError(str(error))
        void.broker = True
        raise void from error


def _read(report: Path) -> dict[str, Any]:
    try:
        told = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
