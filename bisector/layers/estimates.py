"""What the rounds come to: figures with intervals.  Pure.

Within a round all processes measure in turns; what a turn does to all of them is the machine's,
and is taken away.  A rung is compared with another by the turns of its own process.  The middle of
the turns of a process is one sample, and processes are independent: the mean of the samples has a
t distribution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
Turn = Mapping[str, float]
"""Seconds by rung."""
Turns = Mapping[str, Sequence[Turn]]
"""Of a round, by process."""
QUANTILES = {"p5": 0.05, "p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Estimate:
    """A figure, and between what it lies with a confidence of `CONFIDENCE`."""

    value: float
    low: float
    high: float

    @property
    def margin(self) -> float:
        """Half of the interval."""
        return (self.high - self.low) / 2

    def mapped(self, function: Callable[[float], float]) -> Estimate:
        """Return it in another, monotone measure."""
        return Estimate(*map(function, (self.value, self.low, self.high)))


def estimate(samples: Sequence[float]) -> Estimate:
    """Return their mean with its interval, which is endless for a single one."""
    mean = fmean(samples)
    if len(samples) < 2:
        return Estimate(mean, -math.inf, math.inf)
    error = float(np.std(samples, ddof=1)) / math.sqrt(len(samples))
    margin = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(samples) - 1)) * error
    return Estimate(mean, mean - margin, mean + margin)


class Steady:
    """Figures from which the machine's moods have been taken away."""

    def __init__(self, rounds: Sequence[Turns]) -> None:
        everywhere = [
            {(process, rung) for process, turns in each.items() for rung in _always(turns)}
            for each in rounds
        ]
        common = set.intersection(*everywhere) if everywhere else set()
        moods = [_moods(each, common) for each in rounds]
        usual = median(mood for each in moods for mood in each) if common else 0.0
        self._rounds: list[dict[str, list[dict[str, float]]]] = [
            {
                process: [
                    {rung: math.log(value) - mood + usual for rung, value in turn.items()}
                    for turn, mood in zip(turns, moods_here, strict=False)
                ]
                for process, turns in each.items()
            }
            for each, moods_here in zip(rounds, moods, strict=True)
        ]

    def levels(self, process: str, rung: str) -> dict[int, float]:
        """Return the logarithms of the seconds that a rung took, by the rounds that have it."""
        return self._samples(process, (rung,), lambda own: own)

    def value(self, process: str, rung: str) -> Estimate | None:
        """Return the seconds that a rung took; None: it was not measured."""
        samples = self.levels(process, rung)
        return estimate([*samples.values()]).mapped(_exp) if samples else None

    def added(self, process: str, rung: str, below: str) -> Estimate | None:
        """Return the seconds that a rung took more than another."""
        samples = self._samples(
            process, (rung, below), lambda own, other: math.exp(own) - math.exp(other)
        )
        return estimate([*samples.values()]) if samples else None

    def ratio(self, process: str, rung: str, other: str) -> Estimate | None:
        """Return how many times as long as another a rung took."""
        samples = self._samples(process, (rung, other), lambda own, beside: own - beside)
        return estimate([*samples.values()]).mapped(_exp) if samples else None

    def _samples(
        self, process: str, rungs: Sequence[str], of: Callable[..., float]
    ) -> dict[int, float]:
        """Return for each round that has the rungs the mean of the middle half of its turns."""
        found = {}
        for number, each in enumerate(self._rounds):
            values = [
                of(*(turn[rung] for rung in rungs))
                for turn in each.get(process, [])
                if all(rung in turn for rung in rungs)
            ]
            if values:
                found[number] = _middle(values)
        return found


def _middle(values: Sequence[float]) -> float:
    """The mean without the quarter at either end: what disturbed a turn or two is left out."""
    cut = len(values) // 4
    return fmean(sorted(values)[cut : len(values) - cut])


def _always(turns: Sequence[Turn]) -> set[str]:
    """The rungs that every turn has."""
    return set.intersection(*(set(turn) for turn in turns)) if turns else set()


def _moods(turns: Turns, common: Iterable[tuple[str, str]]) -> list[float]:
    """How slow the machine was in each turn: what all that is always there took, on average."""
    many = max((len(each) for each in turns.values()), default=0)
    members = list(common)
    if not members:
        return [0.0] * many
    return [
        fmean(math.log(turns[process][turn][rung]) for process, rung in members)
        for turn in range(many)
    ]


def quantiles(rounds: Sequence[Sequence[float]]) -> dict[str, Estimate]:
    """Return quantiles of latencies: those of each round are a sample."""
    found: dict[str, Estimate] = {}
    for name, part in QUANTILES.items():
        samples = [sorted(each)[int(part * len(each))] for each in rounds if each]
        if samples:
            found[name] = estimate(samples)
    return found


def _exp(log: float) -> float:
    return math.exp(min(log, 700.0))
