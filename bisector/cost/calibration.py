"""How far the search for steps can be trusted: on histories whose steps are known.

A history of real runs has the line of all releases, but one and the same release at every point of
it; from a random point on it is made slower on purpose, as for the calibration of the check.  Whole
searches are made and kept, one line each, so that an interrupted calibration goes on.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from bisector import ROOT
from bisector.axes.axis import Axis, Choice
from bisector.bisection.journal import Question
from bisector.check import candidates, slowed
from bisector.check.kept_runs import KeptRuns
from bisector.cost.ledger import Ledger, Taken
from bisector.cost.search import Search, Wish
from bisector.cost.subject import Ours
from bisector.environments import recipes
from bisector.environments.recipes import Environment
from bisector.environments.releases import PACKAGE, Release
from bisector.errors import OutsideError, UserError
from bisector.history import machine
from bisector.places import rounds
from bisector.places.display import Display
from bisector.questions import cost
from bisector.rabbitmq.broker import Broker

RUNS = ROOT / "results" / "cost-calibration.jsonl"
TARGET = "publish: time per message"
"""What a slowed release is made slower in."""
SLOWDOWNS = (0.05, 0.10, 0.20)
PILOT = 3
"""Rounds that say what a message takes: one alone tells of a minute of the machine."""
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
    tried: list[float]
    """What ratios of two releases, when a step was put to the test, differed by from one round to
    the next, as logarithms."""
    machine: str
    """On which it was made."""

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


class Runs(KeptRuns[Circumstances, Run]):
    """The runs made so far, in a file."""

    def __init__(self, path: Path = RUNS) -> None:
        super().__init__(path, Circumstances, Run)


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
    subject = Ours(TARGET, cost.benchmarks(TARGET), rounds.RoundsHere(broker, display.note))
    wish = Wish()
    itself = recipes.of(release, python=python)
    await prepared(itself)
    here = Circumstances(
        release.version, rabbitmq, itself.python_version, len(line), wish.least, wish.minutes
    )
    known = runs.circumstances
    if known is None:
        runs.begin(known := here)
    if here != known:
        raise UserError(
            f"the runs made so far are of {known.release}, RabbitMQ {known.rabbitmq}, Python"
            f" {known.python} and {known.points} releases: go on with these, or move {RUNS.name}"
            " away to begin anew"
        )
    with candidates.scratch_folder() as folder:
        sides: dict[float, Environment] = {0.0: itself}
        seconds = 0.0
        for slowdown in runs.missing(wanted):
            if slowdown not in sides:
                seconds = seconds or await seconds_of(itself, subject)
                busy = slowdown * seconds
                sides[slowdown] = slower(release, f"{slowdown:g}", busy, itself, folder)
                await prepared(sides[slowdown])
            made, all_ = len(runs.of(slowdown)) + 1, wanted[slowdown]
            display.note(f"a history slower by {slowdown:.0%}: search {made} of {all_}")
            first = random.randrange(1, len(line)) if slowdown else len(line)
            axis = history(line, first, itself, sides[slowdown])
            runs.add(await run(axis, slowdown, first, subject, wish, display))


async def prepared(environment: Environment) -> None:
    """Install an environment that has to be measurable.

    Raises:
        OutsideError: it is not.
    """
    if why := await rounds.prepare(environment):
        raise OutsideError(f"{environment.version} cannot be measured: {why}")


async def seconds_of(environment: Environment, subject: Ours) -> float:
    """What it takes for a message on this machine: the median of `PILOT` rounds."""
    seen: list[float] = []
    for _ in range(PILOT):
        figures = await subject.round([environment] * 4, subject.benchmarks)
        seen += (each.values[TARGET] for each in figures)
    return median(seen)


def slower(
    release: Release, name: str, busy: float, like: Environment, folder: Path
) -> Environment:
    """Return the environment of the release, slower on purpose.

    Args:
        name: of a folder for it.
        busy: seconds in every publish.
    """
    place = folder / name
    place.mkdir()
    wheel = next(folder.glob("*.whl"), None) or slowed.wheel_of(release, folder)
    return candidates.of_wheel(slowed.slow_down(wheel, busy, place), like)


def history(line: Sequence[Release], first: int, before: Environment, after: Environment) -> Axis:
    """Return a line whose points are all the same release, slower from one on."""
    later = {release.version for release in line[first:]}
    return Axis(
        PACKAGE, line, lambda release: after if release.version in later else before, newest=False
    )


async def run(
    axis: Axis, slowdown: float, first: int, subject: Ours, wish: Wish, display: Display
) -> Run:
    """Search a history that is slower from its point `first` on."""
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
        [round(each, DIGITS) for each in _tried(ledger.rounds)],
        machine.describe()["machine"],
    )


def _left(taken: Sequence[Taken]) -> Iterator[float]:
    """What figures of a round differ by from those of the same environment."""
    sides: dict[str, list[float]] = {}
    for one in taken:
        if TARGET in one.figures.values:
            sides.setdefault(one.environment, []).append(math.log(one.figures.values[TARGET]))
    for logs in sides.values():
        yield from _apart(logs)


def _tried(rounds: Sequence[Sequence[Taken]]) -> Iterator[float]:
    """What the ratios of two releases differ by, of those that were compared again and again."""
    ratios: dict[tuple[str, str], list[float]] = {}
    for taken in rounds:
        if len(taken) == 2 and all(TARGET in one.figures.values for one in taken):
            one, other = sorted(taken, key=lambda one: one.version)
            ratio = math.log(other.figures.values[TARGET] / one.figures.values[TARGET])
            ratios.setdefault((one.version, other.version), []).append(ratio)
    for logs in ratios.values():
        yield from _apart(logs)


def _apart(logs: Sequence[float]) -> list[float]:
    """What they differ by from each other; two tell too little."""
    if len(logs) <= 2:
        return []
    spread = math.sqrt(len(logs) / (len(logs) - 1))  # what their mean takes away
    return [spread * (log - mean(logs)) for log in logs]
