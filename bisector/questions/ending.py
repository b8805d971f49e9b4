"""How a program ends, and how that is read: exit code, output, deadline, silence."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from bisector.environments.building import last_line
from bisector.processes.process import Process
from bisector.search.exact import Verdict

BAD, SKIP, ABORT = "bad", "skip", "abort"
MATCHED = 16 * 1024 * 1024
"""How many bytes of output are looked through for a match."""
HANG, ALIVE, BUSY = "hang", "alive", "busy"
"""Outcomes at the deadline: silent; still speaking; still computing."""
WAITED = 4.0
"""How many deadlines a program is waited for at most, however long others held it up."""
_QUIET = 1 / 3
"""The part of the deadline for which a program is silent at its end before that is a hang's."""
_LOOK = 0.5
"""Seconds between two looks at what a program uses of the processors."""
_INTERRUPT, _DUMP = 1.0, 0.5
"""Seconds in which a program may end after SIGINT, and write where it stands after SIGABRT."""


@dataclass(frozen=True)
class Rules:
    """How the end of a program is read."""

    timeout: float
    """Seconds until a probe without an answer hangs."""
    timeout_is: str = BAD
    """What a hang is: `bad`, `skip` or `abort`."""
    match: str | None = None
    """Bad is what writes this (a regular expression); ending otherwise is another bug, a skip."""
    until: str | None = None
    """Good as soon as it has written this (a regular expression)."""
    alive: float | None = None
    """Of a program that never ends: bad when silent for so many seconds, good at the deadline."""

    unimportable: str = SKIP
    """What a release is that does not import: `skip` or `bad`."""

    @property
    def quiet(self) -> float:
        """For how many seconds a program is silent before it is taken to hang."""
        return self.alive if self.alive is not None else self.timeout * _QUIET

    def to_json(self) -> dict[str, Any]:
        """Return them for the journal, where rules that were not there yet leave no trace."""
        first = ("timeout", "timeout_is", "match")
        plain = asdict(Rules(self.timeout))
        return {k: v for k, v in asdict(self).items() if k in first or v != plain[k]}


class Cause(Enum):
    """Why a probe is over."""

    ENDED = "ended by itself"
    WROTE = "wrote what was waited for"
    SILENT = "went silent"
    DEADLINE = "did not end in time"


@dataclass(frozen=True)
class End:
    """How a program ended, or what it did when it was waited for no longer."""

    cause: Cause
    code: int | None
    """Its exit code, if it ended by itself."""
    seconds: float
    silent: float
    """Seconds since its last sign of life: output, or anything but a heartbeat to RabbitMQ."""
    busy: bool
    """Whether it was computing at the end."""


async def watch(process: Process, rules: Rules, heard: Callable[[], float]) -> End:
    """Wait for a program's end, or for what decides it earlier.

    The deadline counts only time in which it could have run: for how long its threads waited for a
    processor is added (`/proc/PID/task/TID/schedstat`, Linux).

    Args:
        heard: tells when RabbitMQ last heard from it, by `time.monotonic`.
    """
    began = time.monotonic()
    held_up, looks, deadline = 0.0, [(began, 0.0)], began + rules.timeout
    while True:
        now = time.monotonic()
        # Not at every line that it writes, but always before its time is up.
        if now - looks[-1][0] >= _LOOK / 2 or now >= deadline:
            usage = process.usage()
            held_up = max(held_up, usage.held_up)  # what has just ended is not seen any more
            looks = [*looks[-3:], (now, usage.computed + usage.held_up)]
        silent = now - max(began, process.spoke, heard())
        busy = _busy(looks)

        def end(cause: Cause, code: int | None = None) -> End:
            spent = time.monotonic() - began
            return End(cause, code, spent, round(silent, 2), busy)  # noqa: B023  # used at once

        if rules.until and re.search(rules.until, process.output):
            return end(Cause.WROTE)
        deadline = began + min(rules.timeout + held_up, rules.timeout * WAITED)
        if now >= deadline:
            return end(Cause.DEADLINE)
        # Nothing is to be seen before the end draws near, except by those who wait for it.
        patience = min(deadline - now, max(_LOOK, deadline - now - 2 * _LOOK))
        if rules.alive is not None:
            if silent >= rules.alive + held_up:
                return end(Cause.SILENT)
            patience = min(patience, max(rules.alive - silent, 0.01))
        code = await process.event(patience)
        if code is not None:
            if rules.until and re.search(rules.until, process.output):
                return end(Cause.WROTE)
            return end(Cause.ENDED, code)


def judge(end: End, output: str, rules: Rules) -> tuple[Verdict | None, str, str]:
    """Read an end by the convention of `git bisect run`; returns verdict, outcome and reason.

    The verdict is None where the search has to stop.
    """
    code = end.code
    last = last_line(output) or ("it wrote nothing" if code is None else f"exit code {code}")
    if rules.match is not None:
        for line in output.splitlines():
            if re.search(rules.match, line):
                return Verdict.BAD, "match", line.strip()[:300]
    if end.cause is Cause.WROTE:
        assert rules.until is not None
        lines = [line for line in output.splitlines() if re.search(rules.until, line)]
        return Verdict.GOOD, "works", (lines or [last])[-1].strip()[:300]
    if rules.match is not None:
        if code == 0:
            return Verdict.GOOD, "works", last
        if (code is None and rules.timeout_is != ABORT) or (code is not None and code < 128):
            how = "no answer" if code is None else f"exit code {code}"
            return Verdict.SKIP, "another failure", f"{how}, but no match: {last}"
    if code is None:
        return _at_the_deadline(end, rules)
    if code == 0 and rules.until is not None:
        return Verdict.BAD, "error", f"ended without writing what was waited for: {last}"
    if code == 0:
        return Verdict.GOOD, "works", last
    if code == 125:
        return Verdict.SKIP, "untestable", last
    if code < 128:
        return Verdict.BAD, "error", last
    return None, "abort", last


def _at_the_deadline(end: End, rules: Rules) -> tuple[Verdict | None, str, str]:
    is_verdict = {BAD: Verdict.BAD, SKIP: Verdict.SKIP, ABORT: None}[rules.timeout_is]
    if end.cause is Cause.SILENT:
        return is_verdict, HANG, f"silent for {end.silent:.3g} s"
    if end.silent < rules.quiet:
        verdict = Verdict.GOOD if rules.alive is not None else is_verdict
        return verdict, ALIVE, f"still alive after {rules.timeout:g} s"
    if end.busy:
        return is_verdict, BUSY, f"still computing after {rules.timeout:g} s"
    return is_verdict, HANG, f"no answer within {rules.timeout:g} s"


def _busy(looks: list[tuple[float, float]]) -> bool:
    """Whether more than half of the last second was spent computing, or waiting to compute."""
    (first, used), (last, now_used) = looks[0], looks[-1]
    return last > first and (now_used - used) / (last - first) > 0.5


async def interrupt(process: Process, folder: Path) -> list[str]:
    """End a program as Ctrl-C would; returns where it stood, innermost last, if Python says so.

    asyncio cancels the main task on SIGINT, so that the traceback leads through what it awaited.
    What ignores that is told SIGABRT, on which `faulthandler` writes where each thread is.
    """
    before = process.written
    process.tell(signal.SIGINT)
    if await process.wait(_INTERRUPT) is None:
        process.tell(signal.SIGABRT)
        await process.wait(_DUMP)
    said = process.output[-(process.written - before) :] if process.written > before else ""
    return stack(said, folder)


def stack(text: str, folder: Path) -> list[str]:
    """Read the first traceback, or what `faulthandler` wrote of the current thread.

    Returns `file:line function` for each frame, innermost last; files from the folder of their
    packages on.
    """
    frames: list[str] = []
    latest_first = False
    for line in text.splitlines():
        if found := re.match(r'\s*File "([^"]+)", line (\d+),? in (\S+)', line):
            frames.append(f"{_short(found[1], folder)}:{found[2]} {found[3]}")
        elif "most recent call first" in line:
            if frames:
                break
            latest_first = True
        elif frames and line and not line.startswith(" "):
            break  # the exception's own line: what follows was raised on the way
    return frames[::-1] if latest_first else frames


def _short(path: str, folder: Path) -> str:
    for mark in (r".*/site-packages/", r".*/lib/python[\d.]+/", re.escape(str(folder)) + "/"):
        if found := re.match(mark, path):
            return path[found.end() :]
    return path
