"""One probe: a program in a release's environment, beside a healthy broker, under a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bisector.environments.building import (
    NoInterpreterError,
    UninstallableError,
    import_failure,
    install,
)
from bisector.environments.recipes import Environment
from bisector.errors import OutsideError
from bisector.isolation.leftovers import left_behind
from bisector.isolation.sandbox import Arrangement
from bisector.processes import process
from bisector.processes.redaction import redact
from bisector.questions import astray, ending
from bisector.questions.ending import Cause, Rules
from bisector.questions.programs import SCENARIO_TIMEOUT, Program
from bisector.questions.starting import EARLY, TOGETHER, Started, started
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
ATTEMPTS = 3
"""How many times a probe is made before trouble with the broker stops the search."""


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
                started(
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


@contextlib.asynccontextmanager
async def _listening(
    version: str, environment: Environment, probe: Started, early: Early | None
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
    probe: Started,
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


async def _said(probe: Started) -> dict[str, Any]:
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
