"""`nox -s speed -- --dask`: what dask costs, up to very many cells."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bisector.axes.axis import Choice
from bisector.bisection.journal import Journal, Question
from bisector.commands.sharing import MAP
from bisector.environments.recipes import Environment
from bisector.errors import FOUND, OutsideError
from bisector.places.dask import speed
from bisector.processes import process
from bisector.questions import ending, programs
from bisector.questions.behaviour import Observation
from bisector.search.exact import Verdict

EVERY = 1000
"""Cells after which the run that is watched says how far it is."""
WORKERS = 2
HANGS = 24
"""Releases in the map that waits."""
NOTHING = Environment("nothing", ("nothing",))


async def measure(say: Callable[[str], None], cells: int) -> None:
    """Measure the overhead of a cell, a map with more workers, and very many cells."""
    await speed.overhead(say)
    await speed.hang(say, _hanging()[-HANGS:])
    await _many(say, cells)


def _hanging() -> list[str]:
    """Releases that hang, as they did when results/ were made."""
    told = json.loads(MAP.read_text(encoding="utf-8"))
    return [row["version"] for answer in told if answer["scenario"] == programs.SIBLING_CLOSE
            for row in answer["releases"] if row["outcome"] == ending.HANG]  # fmt: skip


async def _many(say: Callable[[str], None], cells: int) -> None:
    """Have cells answered that do nothing, by a run that is killed half-way, and by another."""
    ours: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bisector-speed-") as folder:
        journal = Path(folder) / "journal.jsonl"
        async with speed.home(WORKERS, speed.WINDOW // WORKERS) as address:
            for until in (cells // 2, cells):
                rows = await _watched(address, journal, cells, until, ours)
                (first, _, began), (answered, _, ended) = rows[0], rows[-1]
                killed = ", and the client is killed" if until < cells else ""
                say(
                    f"{answered:.0f} cells that do nothing are known{killed}:"
                    f" {(answered - first) / max(ended - began, 1e-9):.0f} cells/s for"
                    f" {ended - began:.0f} s; the client's memory"
                    f" {speed.told([memory for _, memory, _ in rows])}"
                )
        names = _names(journal)
        say(
            f"the scheduler's memory {speed.told(ours)}; {len(set(names))} of {cells} cells in the"
            f" journal, {len(names) - len(set(names))} of them twice;"
            f" {journal.stat().st_size >> 20} MB"
        )


async def _watched(
    address: str, journal: Path, cells: int, until: int, ours: list[float]
) -> list[tuple[float, float, float]]:
    """Run a client until so many cells are known; returns cells, megabytes, seconds as it went.

    Args:
        ours: gets the memory of this process, in which the scheduler is.
    """
    command = [sys.executable, "-m", "bisector", "speed", "--nothing", address, str(journal),
               "--cells", str(cells)]  # fmt: skip
    async with process.start(command) as running:  # which kills it
        while True:
            ended = await running.event(1)
            ours.append(speed.memory(os.getpid()))
            whole = running.output.rpartition("\n")[0].splitlines()
            rows = [tuple(map(float, row.split())) for row in whole]
            if ended or (ended == 0 and not rows):
                raise OutsideError("the run ended too early", running.output)
            if ended == 0 or (rows and rows[-1][0] >= until):
                return [(answered, memory, seconds) for answered, memory, seconds in rows]


def _names(journal: Path) -> list[str]:
    with journal.open(encoding="utf-8") as lines:
        return [line.rpartition('"version": "')[2].partition('"')[0] for line in lines][1:]


async def ask(address: str, file: Path, cells: int) -> int:
    """Ask for all cells that the journal does not know, and say how far it is."""
    question = Question.of("nothing", "nothing", "nothing", Choice(), "none", {})
    journal = Journal(question, file)
    names = [name for name in map(str, range(cells)) if not journal.of(name, NOTHING)]
    answered, began = cells - len(names), time.monotonic()

    def say() -> None:
        seconds = time.monotonic() - began
        print(answered, round(speed.memory(os.getpid()), 1), round(seconds, 2), flush=True)

    def keep(name: str) -> None:
        nonlocal answered
        answered += 1
        journal.add(Observation(name, Verdict.SKIP, "nothing", "nothing was done", 0.0), NOTHING)
        if answered % EVERY == 0:
            say()

    say()
    await speed.nothing(address, names, keep)
    say()
    return FOUND
