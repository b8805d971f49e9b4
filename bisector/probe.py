"""One probe: a program in a release's environment, beside a healthy broker, under a deadline."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bisector import process, rabbitmq
from bisector.broker import Broker, Lease
from bisector.environments import Environment
from bisector.errors import OutsideError
from bisector.installer import (
    NoInterpreterError,
    UninstallableError,
    import_failure,
    install,
    last_line,
    surroundings,
)
from bisector.programs import Program
from bisector.redaction import redact
from bisector.search import Verdict

BAD, SKIP, ABORT = "bad", "skip", "abort"
MATCHED = 16 * 1024 * 1024
"""How many bytes of output are looked through for a match."""
NO_ANSWER = "no answer from RabbitMQ"
"""The outcome with which a scenario says that even its plain aio-pika control failed."""
NO_INTERPRETER = "no interpreter"
"""The outcome where this machine lacks the interpreter to walk to: not for the journal."""
ATTEMPTS = 3
"""How many times a probe is made before trouble with the broker stops the search."""


@dataclass(frozen=True)
class Rules:
    """How the end of a program is read."""

    timeout: float
    """Seconds until a probe without an answer hangs."""
    timeout_is: str = BAD
    """What a hang is: `bad`, `skip` or `abort`."""
    match: str | None = None
    """Bad is what writes this (a regular expression); ending otherwise is another bug, a skip."""


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

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {**asdict(self), "verdict": self.verdict.value}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Observation:
        """Read what `to_json` wrote."""
        return cls(**{**row, "verdict": Verdict(row["verdict"])})


async def observe(
    version: str,
    environment: Environment,
    program: Program,
    broker: Broker,
    rules: Rules,
    stage: Callable[[str], None] = lambda _text: None,
) -> Observation:
    """Install a release and probe it.

    Args:
        version: what to call it.
        stage: is told what is being done, for the display.

    Raises:
        OutsideError: trouble that says nothing about the release.
    """
    try:
        stage("installing")
        await install(environment)
    except UninstallableError as error:
        lasting = not isinstance(error, NoInterpreterError)
        outcome = "uninstallable" if lasting else NO_INTERPRETER
        return Observation(version, Verdict.SKIP, outcome, redact(str(error)), 0.0)
    for attempt in range(ATTEMPTS):
        stage("waiting for RabbitMQ")
        async with _started(environment, program, broker, rules) as probe:
            stage("probing again" if attempt else "probing")
            aborted: AbortedError | None = None
            try:
                observation = await _watch(version, environment, program, probe, rules)
            except AbortedError as error:
                aborted = error
            else:
                if observation.verdict is Verdict.GOOD:
                    return observation
        # Anything but success may be the broker's doing.
        trouble = await probe.lease.trouble()
        if trouble is None and aborted is None:
            return observation
        if trouble is None and aborted is not None and not aborted.broker:
            raise aborted
    raise OutsideError(
        f"the probe of {version} was void {ATTEMPTS} times ({trouble or aborted}):"
        " see that RabbitMQ stays up and run it again, what is known is kept"
    )


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


@contextlib.asynccontextmanager
async def _started(
    environment: Environment, program: Program, broker: Broker, rules: Rules
) -> AsyncIterator[_Started]:
    """Start the program beside a healthy broker."""
    with tempfile.TemporaryDirectory(prefix="bisector-") as folder:
        report, pipe = Path(folder) / "report.json", Path(folder) / "broker"
        environ = {**surroundings(environment), "PROBE_REPORT": str(report)}
        if program.builtin:
            # It imports the release while RabbitMQ boots, and is told by a pipe when that is up.
            os.mkfifo(pipe)
            environ["PROBE_BROKER"] = str(pipe)
        else:
            environ.update((await broker.lease()).server.variables)
        kept = MATCHED if rules.match else process.KEPT
        command: list[str | Path] = [*program.arguments]
        if program.python:
            command.insert(0, environment.interpreter)
        async with process.start(command, environ, cwd=program.folder, kept=kept) as running:
            lease = await broker.lease()
            with contextlib.ExitStack() as stack:
                if program.builtin:  # opened for reading, too, so as to wait for nobody
                    file = stack.enter_context(pipe.open("r+b", buffering=0))
                    file.write(json.dumps(dict(lease.server.variables)).encode() + b"\n")
                yield _Started(running, lease, report)


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
    """
    began = time.monotonic()
    code = await probe.process.wait(rules.timeout)
    seconds, output = time.monotonic() - began, probe.process.output
    control = await _control(probe.lease) if code is None else None  # while it still hangs
    told = _read(probe.report)
    verdict, outcome, reason = _judge(code, output, rules)
    evidence = told.get("evidence", {})
    if control is not None:
        evidence = {**evidence, "control": {"answered": True, "seconds": round(control, 4)}}
    if code is not None and program.builtin:
        outcome, reason = str(told.get("outcome", outcome)), str(told.get("reason", reason))
        if not told:  # it never came to asking the release anything
            verdict = None
    if verdict is None:
        ended = "did not end" if code is None else f"ended with exit code {code}"
        error = AbortedError(
            f"{program.name} asked to stop at {version}: it {ended}; {reason}", output
        )
        error.broker = outcome == NO_ANSWER
        raise error
    # A program that just fails does not know that the release does not even import.
    failed = verdict is Verdict.BAD and code is not None and not program.builtin
    if failed and (failure := await import_failure(environment)):
        verdict, outcome, reason = Verdict.SKIP, "unimportable", failure
    urls = [*probe.lease.server.variables.values()]
    folders = [program.folder, *(Path(a).parent for a in program.arguments[:1] if a[:1] == "/")]
    return Observation(
        version,
        verdict,
        outcome,
        redact(reason, urls, folders),
        round(seconds, 2),
        environment.dependencies(),
        redact(evidence, urls, folders),
        environment.python_version,
        redact(output[-process.KEPT :], urls, folders),
    )


async def _control(lease: Lease) -> float:
    """Seconds in which plain aio-pika gets through now.

    Raises:
        AbortedError: it does not, so that nothing can be said about the release.
    """
    try:
        return await rabbitmq.control(lease.server.url)
    except rabbitmq.BrokerError as error:
        void = AbortedError(str(error))
        void.broker = True
        raise void from error


def _judge(code: int | None, output: str, rules: Rules) -> tuple[Verdict | None, str, str]:
    """Read an exit code by the convention of `git bisect run`; None: stop the search."""
    last = last_line(output) or ("it wrote nothing" if code is None else f"exit code {code}")
    if rules.match is not None:
        for line in output.splitlines():
            if re.search(rules.match, line):
                return Verdict.BAD, "match", line.strip()[:300]
        if code == 0:
            return Verdict.GOOD, "works", last
        if (code is None and rules.timeout_is != ABORT) or (code is not None and code < 128):
            end = "no answer" if code is None else f"exit code {code}"
            return Verdict.SKIP, "another failure", f"{end}, but no match: {last}"
    if code is None:
        is_verdict = {BAD: Verdict.BAD, SKIP: Verdict.SKIP, ABORT: None}[rules.timeout_is]
        return is_verdict, "hang", f"no answer within {rules.timeout:g} s"
    if code == 0:
        return Verdict.GOOD, "works", last
    if code == 125:
        return Verdict.SKIP, "untestable", last
    if code < 128:
        return Verdict.BAD, "error", last
    return None, "abort", last


def _read(report: Path) -> dict[str, Any]:
    try:
        told = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
