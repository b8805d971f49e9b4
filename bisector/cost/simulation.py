"""What searches come to whose answer is known: real ones summed up, many more simulated.

Simulated is only what is measured; see `bisector.cost.made_up`.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import mean, median

import threadpoolctl
from scipy import stats

from bisector.cost import made_up
from bisector.cost.calibration import DIGITS, SLOWDOWNS, Runs
from bisector.cost.made_up import Recorded
from bisector.cost.search import Wish
from bisector.search import simulated

SIMULATED = 1000
SHAPES = (
    ("nothing", 0.0),
    *(("one", part) for part in SLOWDOWNS),
    ("undone", 0.10),
    ("newest", 0.10),
    ("second", 0.10),
    ("untestable", 0.10),
    ("drift", 0.10),
)
"""What is simulated, and how large."""


@dataclass(frozen=True)
class Simulated:
    """What searches of made-up histories came to."""

    shape: str
    change: float
    runs: int
    exact: int
    """They named just what there was."""
    wrong: int
    """They named something else."""


def simulate(runs: Runs, count: int = SIMULATED) -> list[Simulated]:
    """Search made-up histories, with the noise that was recorded; empty where none was."""
    recorded = _recorded(runs)
    if recorded is None:
        return []
    assert runs.circumstances is not None
    tasks = [
        (shape, change, seed, runs.circumstances.points, recorded)
        for shape, change in SHAPES
        for seed in range(count)
    ]
    with ProcessPoolExecutor(initializer=_one_thread) as pool:
        found = list(pool.map(_simulated, tasks, chunksize=20))
    table = []
    for number, (shape, change) in enumerate(SHAPES):
        of = found[number * count : (number + 1) * count]
        exact, wrong = sum(e for e, _ in of), sum(w for _, w in of)
        table.append(Simulated(shape, change, count, exact, wrong))
    return table


def _one_thread() -> None:
    """Let the others have their processors: more threads made it five times slower."""
    threadpoolctl.threadpool_limits(1)


def _recorded(runs: Runs) -> Recorded | None:
    left = [each for run in runs.runs for each in run.left]
    tried = [each for run in runs.runs for each in run.tried]
    if runs.circumstances is None or not left or not tried:
        return None
    wish = Wish(runs.circumstances.least, minutes=runs.circumstances.minutes)
    figures = sum(run.figures for run in runs.runs)
    return Recorded(wish, left, tried, sum(run.seconds for run in runs.runs) / figures)


def _simulated(task: tuple[str, float, int, int, Recorded]) -> tuple[bool, bool]:
    """Search one; returns whether it names just what there is, and whether it names another."""
    shape, change, seed, points, recorded = task
    chance = random.Random(f"{shape} {change} {seed}")
    size = math.log1p(change) * chance.choice([-1, 1])
    history = simulated.SHAPES[shape](points, size, chance)
    named = asyncio.run(made_up.search(history, recorded, chance))
    return named == history.steps, bool({*named} - {*history.steps})


@dataclass(frozen=True)
class Point:
    """What searches make of one slowdown."""

    slowdown: float
    runs: int
    exact: int
    """Whole searches, really made, that named just what there was."""
    wrong: int
    """... and that named another release."""
    low: float
    """The part of searches that are exact lies between `low` and `high` with 95 % confidence
    (Clopper and Pearson)."""
    high: float
    simulated: float | None
    """As a part of the simulated ones."""
    change: float
    """Median of what the exact ones said of its size."""
    figures: int
    seconds: float
    """Medians."""


def points(runs: Runs, table: Sequence[Simulated]) -> list[Point]:
    """Sum up the runs, by slowdown."""
    simulated_parts = {
        one.change: one.exact / one.runs for one in table if one.shape in ("nothing", "one")
    }
    found = []
    for slowdown in sorted({run.slowdown for run in runs.runs}):
        of = runs.of(slowdown)
        exact = sum(run.exact for run in of)
        interval = stats.binomtest(exact, len(of)).proportion_ci(0.95)
        found.append(
            Point(
                slowdown, len(of), exact,
                sum(bool({*run.found} - {run.after}) for run in of),
                float(interval.low), float(interval.high), simulated_parts.get(slowdown),
                median([run.changes[0] for run in of if run.exact and run.changes] or [0.0]),
                round(median(run.figures for run in of)),
                round(median(run.seconds for run in of), 1),
            )
        )  # fmt: skip
    return found


def spread(logs: Sequence[float]) -> float:
    """Standard deviation of what figures differ by, as a part; 0 where nothing is known."""
    return round(math.expm1(math.sqrt(mean(log**2 for log in logs))), DIGITS) if logs else 0.0
