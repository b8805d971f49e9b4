"""How far the check can be trusted: how often it cries wolf, and how small a slowdown it sees.

Whole runs are made and kept, one line each, so that an interrupted calibration goes on.  A run is
of a release against itself (`slowdown` 0), or against a wheel of it that was made slower on
purpose.  What more runs would show is worked out from the recorded rounds, as if these did not
depend on each other: they are drawn with replacement, from all runs of a kind, and put to the same
rule with the same looks.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy import stats

from bisector import ROOT
from bisector.check import candidates, rule, slowed
from bisector.check.candidates import Named
from bisector.check.comparison import Checker, Rounds
from bisector.check.kept_runs import KeptRuns
from bisector.check.result import Check, Judgement
from bisector.environments import recipes
from bisector.environments.releases import Release
from bisector.errors import UserError
from bisector.places.display import Display
from bisector.rabbitmq.broker import Broker

RUNS = ROOT / "results" / "calibration.jsonl"
TARGET = "publish: time per message"
"""What a slowed release is made slower in."""
SLOWDOWNS = (0.05, 0.10, 0.20)
RESAMPLED = 2000
DIGITS = 5


@dataclass(frozen=True)
class Run:
    """One whole run of the check."""

    slowdown: float
    """0: a release against itself."""
    seconds: float
    worse: list[str]
    """Benchmarks and scenarios that it called worse."""
    open: list[str]
    """... and those that it could not tell."""
    change: float
    """Of `TARGET`, as measured."""
    ratios: dict[str, list[list[float]]]
    """By benchmark: (baseline, candidate) of each round, as multiples of plain aio-pika."""


@dataclass(frozen=True)
class Circumstances:
    """What all runs of a calibration have in common; the first line of the file."""

    release: str
    rabbitmq: str
    python: str
    benchmarks: int
    busy: dict[str, float]
    """Seconds that a slowed release is busy for in every publish, by slowdown."""


class Runs(KeptRuns[Circumstances, Run]):
    """The runs made so far, in a file."""

    def __init__(self, path: Path = RUNS) -> None:
        super().__init__(path, Circumstances, Run)


async def calibrate(
    release: Release,
    runs: Runs,
    wanted: dict[float, int],
    *,
    broker: Broker,
    rabbitmq: str,
    display: Display,
    jobs: int,
    python: str,
) -> None:
    """Make the runs that are missing, each slowdown in its turn.

    Args:
        wanted: how many runs, by slowdown.

    Raises:
        UserError: the runs made so far are of another release, RabbitMQ or Python.
        OutsideError: it cannot be measured.
    """
    with candidates.scratch_folder() as folder:
        itself = Named(release.version, recipes.of(release, python=python))

        def checker(candidate: Named) -> Checker:
            return Checker(
                itself, candidate, broker=broker, rabbitmq=rabbitmq, display=display, jobs=jobs
            )

        await checker(itself).install()
        known = runs.circumstances
        if known is None:
            first = Rounds()
            first.add(*await checker(itself).round(first))
            seconds = first.values[TARGET][0][0]
            busy = {str(part): round(part * seconds, 8) for part in SLOWDOWNS}
            count = len(first.ratios)
            known = Circumstances(
                release.version, rabbitmq, itself.environment.python_version, count, busy
            )
            runs.begin(known)
        here = (release.version, rabbitmq, itself.environment.python_version)
        if here != (known.release, known.rabbitmq, known.python):
            raise UserError(
                f"the runs made so far are of {known.release}, RabbitMQ {known.rabbitmq}, Python"
                f" {known.python}: go on with these, or move {RUNS.name} away to begin anew"
            )
        sides = {0.0: itself}
        for slowdown in runs.missing(wanted):
            if slowdown not in sides:
                sides[slowdown] = _slower(release, slowdown, known, python, folder)
            made, all_ = len(runs.of(slowdown)) + 1, wanted[slowdown]
            display.note(f"slower by {slowdown:.0%}: whole run {made} of {all_}")
            rounds = Rounds()
            found = await checker(sides[slowdown]).check(generated=False, rounds=rounds)
            runs.add(_run(slowdown, found, rounds))


def _run(slowdown: float, found: Check, rounds: Rounds) -> Run:
    named = {
        judgement: [x.name for x in found.judged if x.judgement is judgement]
        for judgement in Judgement
    }
    change = next((s.change for s in found.speeds if s.benchmark == TARGET), 0.0)
    ratios = {
        name: [[round(value, DIGITS) for value in pair] for pair in pairs]
        for name, pairs in rounds.ratios.items()
    }
    return Run(
        slowdown, found.seconds, named[Judgement.WORSE], named[Judgement.CANNOT_TELL],
        round(change, 4), ratios,
    )  # fmt: skip


def _slower(
    release: Release, slowdown: float, known: Circumstances, python: str, folder: Path
) -> Named:
    """The side that is slower on purpose."""
    place = folder / f"{slowdown:g}"
    place.mkdir()
    wheel = next(folder.glob("*.whl"), None) or slowed.wheel_of(release, folder)
    slow = slowed.slow_down(wheel, known.busy[str(slowdown)], place)
    environment = candidates.of_wheel(slow, recipes.of(release, python=python))
    return Named(f"{release.version} slower by {slowdown:.0%}", environment)


@dataclass(frozen=True)
class Point:
    """What the check sees of one slowdown."""

    slowdown: float
    runs: int
    found: int
    """Whole runs, really made, that called something worse; of a slowed release, publishing."""
    low: float
    """The part of runs that find it lies between `low` and `high` with 95 % confidence (Clopper and
    Pearson)."""
    high: float
    resampled: float | None
    """As a part of `RESAMPLED` runs put together from the recorded rounds."""
    seconds: float
    """Median of a whole run."""
    change: float
    """Median of the change measured in `TARGET`."""
    open: float
    """Benchmarks that a run could not tell, on average."""


def points(runs: Runs) -> list[Point]:
    """Sum up the runs, by slowdown."""
    found = []
    for slowdown in sorted({run.slowdown for run in runs.runs}):
        of = runs.of(slowdown)
        hits = sum(_hit(run.worse, slowdown) for run in of)
        interval = stats.binomtest(hits, len(of)).proportion_ci(0.95)
        found.append(
            Point(
                slowdown, len(of), hits, float(interval.low), float(interval.high),
                resample([run.ratios for run in of], slowdown),
                sorted(run.seconds for run in of)[len(of) // 2],
                sorted(run.change for run in of)[len(of) // 2],
                sum(len(run.open) for run in of) / len(of),
            )
        )  # fmt: skip
    return found


def resample(
    recorded: Sequence[dict[str, list[list[float]]]],
    slowdown: float,
    count: int = RESAMPLED,
    seed: int = 1,
) -> float | None:
    """Return the part of `count` runs, drawn round by round from the recorded ones, that find.

    A round is drawn as a whole: its benchmarks were measured in the same two processes.  None where
    no rounds were recorded, because behaviour ended every run.
    """
    timed = [run for run in recorded if run]
    rounds = [
        {name: (pairs[i][0], pairs[i][1]) for name, pairs in run.items()}
        for run in timed
        for i in range(min(map(len, run.values())))
    ]
    if not rounds:
        return None
    chance = random.Random(seed)
    drawn = (_worse(chance.choices(rounds, k=rule.LOOKS[-1])) for _ in range(count))
    return sum(_hit(worse, slowdown) for worse in drawn) / count


def _worse(rounds: Sequence[dict[str, tuple[float, float]]]) -> list[str]:
    """Put rounds to the rule as the check does; returns the benchmarks that are worse."""
    names = [*rounds[0]]
    judged: dict[str, Judgement] = {}
    for look in rule.walk(rule.LOOKS, judged.values):
        for name in names:
            pairs = [r[name] for r in rounds[:look]]
            judged[name] = rule.judge(pairs, len(names) * len(rule.LOOKS)).judgement
    return [name for name, judgement in judged.items() if judgement is Judgement.WORSE]


def _hit(worse: Sequence[str], slowdown: float) -> bool:
    """Whether a run raised a false alarm, or found that publishing was slowed down."""
    return any(name.startswith("publish:") or not slowdown for name in worse)
