"""One probe: a program in a release's environment, beside a healthy broker, under a deadline."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bisector import process
from bisector.broker import Broker
from bisector.environments import Environment
from bisector.errors import OutsideError
from bisector.installer import UninstallableError, install
from bisector.programs import Program
from bisector.search import Verdict

TIMEOUT = 30.0
"""Seconds after which a probe that has not ended hangs.  The built-in scenarios know much tighter
deadlines of their own; this one is for a release that blocks the event loop."""
NO_ANSWER = "no answer from RabbitMQ"
"""The outcome with which a scenario says that even its plain aio-pika control failed."""
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
    """How long the probe took, without installing."""
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
    environment: Environment,
    program: Program,
    broker: Broker,
    timeout: float = TIMEOUT,
    stage: Any = lambda _text: None,
) -> Observation:
    """Install a release and probe it.

    Args:
        stage: is told what is being done, for the display.

    Raises:
        OutsideError: trouble that says nothing about the release.
    """
    try:
        stage("installing")
        await install(environment)
    except UninstallableError as error:
        return Observation(environment.version, Verdict.SKIP, "uninstallable", str(error), 0.0)
    for attempt in range(ATTEMPTS):
        stage("waiting for RabbitMQ")
        lease = await broker.lease()
        stage("probing again" if attempt else "probing")
        aborted: AbortedError | None = None
        try:
            observation = await _run(environment, program, lease.server.url, timeout)
        except AbortedError as error:
            aborted = error
        else:
            if observation.verdict is Verdict.GOOD:
                return observation
        # Anything but success may be the broker's doing.
        trouble = await lease.trouble()
        if trouble is None and aborted is None:
            return observation
        if trouble is None and aborted is not None and not aborted.broker:
            raise aborted
    raise OutsideError(
        f"the probe of {environment.version} was void {ATTEMPTS} times ({trouble or aborted}):"
        " see that RabbitMQ stays up and run it again, what is known is kept"
    )


class AbortedError(OutsideError):
    """A program asked to stop; `broker`: because RabbitMQ did not answer it."""

    broker = False


async def _run(
    environment: Environment,
    program: Program,
    url: str,
    timeout: float,
) -> Observation:
    """Run the program once.

    Raises:
        AbortedError: it ended with 128 or more, or by a signal.
    """
    with tempfile.TemporaryDirectory(prefix="bisector-") as folder:
        report = Path(folder) / "report.json"
        environ: dict[str, str | None] = {
            "AMQP_URL": url,
            "PROBE_REPORT": str(report),
            "PATH": f"{environment.interpreter.parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "VIRTUAL_ENV": str(environment.path),
            "PYTHONUNBUFFERED": "1",
            # The release's own, and nothing of what our user has set for other programs.
            **dict.fromkeys(["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS"]),
            "PYTHONDONTWRITEBYTECODE": None,  # compiling once is enough
        }
        command: list[str | Path] = [environment.interpreter, *program.arguments]
        async with process.start(command, environ) as running:
            code = await running.wait(timeout)
            seconds, output = running.seconds, running.output
        told = _read(report)
    verdict, outcome, reason = _judge(code, timeout, output)
    if code is not None:
        outcome, reason = str(told.get("outcome", outcome)), str(told.get("reason", reason))
        if code >= 128:
            error = AbortedError(
                f"{program.name} asked to stop at {environment.version} (exit code {code}):"
                f" {reason or 'it said nothing'}",
                output,
            )
            error.broker = outcome == NO_ANSWER
            raise error
    return Observation(
        environment.version,
        verdict,
        outcome,
        reason,
        round(seconds, 2),
        environment.dependencies(),
        told.get("evidence", {}),
        environment.python_version,
        output,
    )


def _judge(code: int | None, timeout: float, output: str) -> tuple[Verdict, str, str]:
    """Read an exit code by the convention of `git bisect run`."""
    last = _last_line(output)
    if code is None:
        return Verdict.BAD, "hang", f"no answer within {timeout:g} s"
    if code == 0:
        return Verdict.GOOD, "works", last
    if code == 125:
        return Verdict.SKIP, "untestable", last or "it said it could not test this release"
    return Verdict.BAD, "error", last or f"exit code {code}"


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _read(report: Path) -> dict[str, Any]:
    try:
        told = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
