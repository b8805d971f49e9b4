"""How far the search for steps can be trusted: on histories whose steps are known.

A history of real runs has the line of all releases, but one and the same release at every point of
it; from a random point on it is made slower on purpose, as for the calibration of the check.  Whole
searches are made and kept, one line each, so that an interrupted calibration goes on.

What more runs would show is simulated, with the noise that the real ones recorded: searches of
made-up histories that draw their figures from it, confirmed by the same rule.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from scipy import stats

from bisector import ROOT
from bisector.axes.axis import Axis, Choice
from bisector.bisection.journal import Question
from bisector.check import candidates, slowed
from bisector.cost import trial
from bisector.cost.ledger import Ledger, Taken
from bisector.cost.search import Search, Wish
from bisector.cost.subject import Ours, prepare
from bisector.environments import recipes
from bisector.environments.recipes import Environment
from bisector.environments.releases import PACKAGE, Release
from bisector.errors import OutsideError, UserError
from bisector.places.display import Display
from bisector.questions import cost
from bisector.questions.cost import Figures
from bisector.rabbitmq.broker import Broker
from bisector.search import simulated
from bisector.search.rounds import Step

RUNS = ROOT / "results" / "cost-calibration.jsonl"
TARGET = "publish: time per message"
"""What a slowed release is made slower in."""
SLOWDOWNS = (0.05, 0.10, 0.20)
SIMULATED = 1000
MOST = 400
"""Figures of a simulated search; a real one has its minutes."""
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
DIGITS = 5


@dataclass(frozen=True)
class Run:
    """One whole search."""

    slowdown: float
    """0: of a history in which nothing changes."""
    after: str
    """The first release that was slower; empty: none was."""
    found: list[str]
    """The releases that it named."""
    changes: list[float]
    """By how much, it said."""
    seconds: float
    figures: int
    left: list[float]
    """What figures differed by from others of the same release in their round, as logarithms."""

    @property
    def exact(self) -> bool:
        """Whether it named just what there was."""
        return self.found == ([self.after] if self.after else [])


@dataclass(frozen=True)
class Circumstances:
    """What all runs have in common; the first line of the file."""

    release: str
    rabbitmq: str
    python: str
    points: int
    least: float
    minutes: float
    busy: dict[str, float]
    """Seconds that a slowed release is busy for in every publish, by slowdown."""


class Runs:
    """The runs made so far, in a file."""

    def __init__(self, path: Path = RUNS) -> None:
        self._path = path
        self.circumstances: Circumstances | None = None
        self.runs: list[Run] = []
        if not path.exists():
            return
        # A line that a crash cut off has no end: that run is made again.
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        if whole != lines:
            path.write_text("".join(whole), encoding="utf-8")
        try:
            for line in whole[:1]:
                self.circumstances = Circumstances(**json.loads(line))
            self.runs = [Run(**json.loads(line)) for line in whole[1:]]
        except (ValueError, TypeError) as error:
            raise UserError(
                f"{path.name} is not a calibration of this version ({error}): move it away"
            ) from None

    def begin(self, circumstances: Circumstances) -> None:
        """Write down what all runs have in common."""
        self.circumstances = circumstances
        self._append(asdict(circumstances))

    def add(self, run: Run) -> None:
        """Keep a run, on disk before this returns."""
        self.runs.append(run)
        self._append(asdict(run))

    def of(self, slowdown: float) -> list[Run]:
        """The runs with that slowdown."""
        return [run for run in self.runs if run.slowdown == slowdown]

    def missing(self, wanted: dict[float, int]) -> Iterator[float]:
        """What is to be run next, the one with the smallest part made so far first."""
        while left := {s: len(self.of(s)) / n for s, n in wanted.items() if len(self.of(s)) < n}:
            yield min(left, key=lambda s: left[s])

    def _append(self, row: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())


# --- real runs --------------------------------------------------------------------------------


async def calibrate(
    release: Release,
    line: Sequence[Release],
    runs: Runs,
    wanted: dict[float, int],
    *,
    broker: Broker,
    rabbitmq: str,
    display: Display,
    python: str,
) -> None:
    """Make the runs that are missing, each slowdown in its turn.

    Args:
        release: what all points of the history are.
        line: what they are called.
        wanted: how many runs, by slowdown.

    Raises:
        UserError: the runs made so far are of another release, RabbitMQ or Python.
        OutsideError: it cannot be measured.
    """
    subject = Ours(TARGET, cost.benchmarks(TARGET), broker, display.note)
    wish = Wish()
    itself = recipes.of(release, python=python)
    await _prepared(itself)
    known = runs.circumstances
    if known is None:
        (figures, *_) = await subject.round([itself] * 4, subject.benchmarks)
        seconds = figures.values[TARGET]
        busy = {str(part): round(part * seconds, 8) for part in SLOWDOWNS}
        known = Circumstances(
            release.version, rabbitmq, itself.python_version, len(line), wish.least, wish.minutes,
            busy,
        )  # fmt: skip
        runs.begin(known)
    here = (release.version, rabbitmq, itself.python_version, len(line))
    if here != (known.release, known.rabbitmq, known.python, known.points):
        raise UserError(
            f"the runs made so far are of {known.release}, RabbitMQ {known.rabbitmq}, Python"
            f" {known.python} and {known.points} releases: go on with these, or move {RUNS.name}"
            " away to begin anew"
        )
    with candidates.scratch_folder() as folder:
        sides: dict[float, Environment] = {0.0: itself}
        for slowdown in runs.missing(wanted):
            if slowdown not in sides:
                sides[slowdown] = _slower(release, slowdown, known.busy, itself, folder)
                await _prepared(sides[slowdown])
            made, all_ = len(runs.of(slowdown)) + 1, wanted[slowdown]
            display.note(f"a history slower by {slowdown:.0%}: search {made} of {all_}")
            first = random.randrange(1, len(line)) if slowdown else len(line)
            axis = _history(line, first, itself, sides[slowdown])
            runs.add(await _run(axis, slowdown, first, subject, wish, display))


async def _prepared(environment: Environment) -> None:
    if why := await prepare(environment):
        raise OutsideError(f"{environment.version} cannot be measured: {why}")


def _slower(
    release: Release, slowdown: float, busy: dict[str, float], like: Environment, folder: Path
) -> Environment:
    """The environment of the release, slower on purpose."""
    place = folder / f"{slowdown:g}"
    place.mkdir()
    wheel = next(folder.glob("*.whl"), None) or slowed.wheel_of(release, folder)
    return candidates.of_wheel(slowed.slow_down(wheel, busy[str(slowdown)], place), like)


def _history(line: Sequence[Release], first: int, before: Environment, after: Environment) -> Axis:
    """A line whose points are all the same release, slower from one on."""
    later = {release.version for release in line[first:]}
    return Axis(
        PACKAGE, line, lambda release: after if release.version in later else before, newest=False
    )


async def _run(
    axis: Axis, slowdown: float, first: int, subject: Ours, wish: Wish, display: Display
) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        question = Question.of(PACKAGE, "calibration", None, Choice(), "", {})
        ledger = Ledger(question, Path(folder) / "journal.jsonl", display.note)
        search = Search(axis, subject, ledger, wish, display)
        await search.find()
        found = [one for one in search.tested(subject.benchmarks[0]) if one.confirmed]
    names = [release.version for release in axis.releases]
    found.sort(key=lambda one: names.index(one.after))
    return Run(
        slowdown,
        names[first] if first < len(names) else "",
        [one.after for one in found],
        [one.change for one in found],
        round(search.seconds, 1),
        sum(map(len, ledger.rounds)),
        [round(each, DIGITS) for taken in ledger.rounds for each in _left(taken)],
    )


def _left(taken: Sequence[Taken]) -> Iterator[float]:
    """What figures of a round differ by from those of the same environment."""
    sides: dict[str, list[float]] = {}
    for one in taken:
        if TARGET in one.figures.values:
            sides.setdefault(one.environment, []).append(math.log(one.figures.values[TARGET]))
    for logs in sides.values():
        if len(logs) > 2:
            spread = math.sqrt(len(logs) / (len(logs) - 1))  # what their mean takes away
            yield from (spread * (log - mean(logs)) for log in logs)


# --- simulated ones ---------------------------------------------------------------------------


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
    left = [each for run in runs.runs for each in run.left]
    if not left:
        return []
    assert runs.circumstances is not None
    tasks = [
        (shape, change, seed, runs.circumstances.points, runs.circumstances.least, left)
        for shape, change in SHAPES
        for seed in range(count)
    ]
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(_simulated, tasks, chunksize=20))
    table = []
    for number, (shape, change) in enumerate(SHAPES):
        of = found[number * count : (number + 1) * count]
        exact, wrong = sum(e for e, _ in of), sum(w for _, w in of)
        table.append(Simulated(shape, change, count, exact, wrong))
    return table


def _simulated(task: tuple[str, float, int, int, float, list[float]]) -> tuple[bool, bool]:
    """Search one; returns whether it names just what there is, and whether it names another."""
    shape, change, seed, points, least, left = task
    chance = random.Random(f"{shape} {change} {seed}")
    size = math.log1p(change) * chance.choice([-1, 1])
    history = simulated.SHAPES[shape](points, size, chance)
    answer = simulated.search(
        history, Wish(least).aim, chance.randrange(2**32), noise=left, most=MOST
    ).answer
    named = []
    for number, step in enumerate(answer.steps):
        if asyncio.run(_holds(history, step, number, left, chance)):
            named.append(step.after)
    return named == list(history.steps), bool(set(named) - set(history.steps))


async def _holds(
    history: simulated.History,
    step: Step,
    number: int,
    left: Sequence[float],
    chance: random.Random,
) -> bool:
    """Put a step to the test, as `Search` does."""
    levels = history.levels

    async def take(order: Sequence[int]) -> list[Taken]:
        values = [float(np.exp(levels[i] + chance.choice(left))) for i in order]
        return [Taken("", "", Figures({TARGET: value})) for value in values]

    (found,) = await trial.run(
        (step.before, step.after), ("", ""), cost.benchmarks(TARGET), take,
        more=step.change > 0, before=number, confidence=Wish().confidence,
        environments=("", ""),
    )  # fmt: skip
    return found.confirmed


# --- both -------------------------------------------------------------------------------------


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


def noise(runs: Runs) -> float:
    """Standard deviation of a figure within its round, as a part."""
    left = [each for run in runs.runs for each in run.left]
    return round(math.expm1(math.sqrt(mean(each**2 for each in left))), DIGITS) if left else 0.0
