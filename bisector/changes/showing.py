"""Shows what was found: by a program that tells the sides apart, or else by seeing it again."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from bisector.changes import programs
from bisector.changes.differences import differences
from bisector.changes.findings import Finding
from bisector.changes.runs import Runner
from bisector.changes.situations import Situation
from bisector.changes.traces import Trace
from bisector.tasks import together

TRIED = 16
"""How many programs are tried for one finding."""
DOUBTS = 6
"""How many more runs of each side all have to show it.  Which of two consumers gets a message is
the same in four runs of one side, and the other in four of the other, in one of 128 comparisons."""
Both = Callable[[Situation], Awaitable[tuple[Trace, Trace]]]
"""Runs a situation on both sides."""


async def show(finding: Finding, sides: tuple[Runner, Runner], both: Both, end: float) -> None:
    """See to it that a finding is `sure`, or not.

    Args:
        end: the moment (`time.monotonic`) after which no program is tried.
    """
    await _write(finding, sides, end)
    finding.sure = bool(finding.program) or await _holds(finding, both)


async def _write(finding: Finding, sides: tuple[Runner, Runner], end: float) -> None:
    """Write the program that tells the sides apart, if there is one, and time for it."""
    tried: set[str] = set()
    for one in (finding, *finding.alike[:2]):
        for program, side in programs.candidates(one):
            if program in tried:
                continue
            if len(tried) >= TRIED or time.monotonic() > end:
                return
            tried.add(program)
            if await _tells_apart(sides, program, side):
                finding.program, finding.passes = program, side
                return


async def _tells_apart(sides: tuple[Runner, Runner], program: str, passes: str) -> bool:
    """Whether it passes on one side and fails on the other, time and again."""
    wanted = (0, 1) if passes == "before" else (1, 0)

    async def once() -> bool:
        ended = await together(s.ends(program, programs.SECONDS + 2) for s in sides)
        return tuple(ended) == wanted

    # Most are no good, and one run says so.
    return await once() and all(await together(once() for _ in range(DOUBTS - 1)))


async def _holds(finding: Finding, both: Both) -> bool:
    """Whether it is seen time and again, though no program shows it."""

    async def again() -> tuple[Trace, Trace]:
        return await both(finding.situation)

    pairs = await together(again() for _ in range(DOUBTS))
    signature = finding.difference.signature
    return all(
        any(d.signature == signature for d in differences(old, new))
        for old, _ in pairs for _, new in pairs
    )  # fmt: skip
