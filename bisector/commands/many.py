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
                command = [sys.executable, "-m", "bisector", "speed", "--nothing", address,
                           str(journal), "--cells", str(cells)]  # fmt: skip
                began, first, theirs = time.monotonic(), 0, list[float]()
                answered = 0
                async with process.start([*command]) as running:
                    while answered < until:
                        if await running.event(30) not in (None, 0):
                            raise OutsideError("the run ended too early", running.output)
                        rows = running.output.splitlines()
                        if len(rows) < 2:
                            continue
                        answered, megabytes = int(rows[-2].split()[0]), float(rows[-2].split()[1])
                        if not first:
                            first, began = answered, time.monotonic()
                        theirs.append(megabytes)
                        ours.append(speed.memory(os.getpid()))
                        if await running.wait(0) == 0:
                            break
                seconds = max(time.monotonic() - began, 0.001)
                say(
                    f"{answered} cells that do nothing are known"
                    f"{', and the client is killed' if until < cells else ''}:"
                    f" {(answered - first) / seconds:.0f} cells/s, in {seconds:.0f} s;"
                    f" the client's memory {speed.told(theirs)}"
                )
        known = len(set(_names(journal)))
        say(
            f"the scheduler's memory {speed.told(ours)}; {known} of {cells} cells in the journal,"
            f" {sum(1 for _ in _names(journal)) - known} of them twice;"
            f" {journal.stat().st_size >> 20} MB"
        )


def _names(journal: Path) -> list[str]:
    with journal.open(encoding="utf-8") as lines:
        return [line.rpartition('"version": "')[2].partition('"')[0] for line in lines][1:]


async def ask(address: str, file: Path, cells: int) -> int:
    """Ask for all cells that the journal does not know, and say how far it is."""
    question = Question.of("nothing", "nothing", "nothing", Choice(), "none", {})
    journal = Journal(question, file)
    names = [name for name in map(str, range(cells)) if not journal.of(name, NOTHING)]
    answered = cells - len(names)

    def keep(name: str) -> None:
        nonlocal answered
        answered += 1
        journal.add(Observation(name, Verdict.SKIP, "nothing", "nothing was done", 0.0), NOTHING)
        if answered % EVERY == 0 or answered == cells:
            print(answered, round(speed.memory(os.getpid()), 1), flush=True)

    await speed.nothing(address, names, keep)
    print(answered, round(speed.memory(os.getpid()), 1), flush=True)
    return FOUND
