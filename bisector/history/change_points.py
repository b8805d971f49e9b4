"""Levels: stretches of releases with the same value, but for noise, and the steps between them.

The noise is what neighbouring releases differ by: levels do not add to it.  asv's solver of the
Potts problem, which its own step detection stands on, proposes where the levels end; asv's choice
of how many there are misses levels in the middle of a history, so that is decided here.

A step counts if it is larger than `LEAST` and than `CERTAIN` times the standard error that the
noise gives it.  While one does not, the least certain one goes, and the two levels beside it become
one.  A level holds at least `SHORTEST` releases, so that no outlier is one; nor is then what only
the newest release shows, for which there is the comparison of two releases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

LEAST = 0.03
"""As a part of the value: less is of no use to anybody."""
CERTAIN = 4.0
SHORTEST = 3
PENALTY = 3.0
"""What a step costs the solver, in standard deviations: low, for it only proposes."""
_MAD = 1.4826
"""From the median absolute deviation to the standard deviation, of a normal distribution."""
_MEDIAN = 1.2533
"""From the standard error of the mean to that of the median, likewise."""


@dataclass(frozen=True)
class Step:
    """A change of level."""

    before: int
    """Index of the last release with a value before it."""
    after: int
    """Index of the first release on the new level."""
    old: float
    """Medians of the two levels, in the unit of the series."""
    new: float

    @property
    def change(self) -> float:
        """As a part of the old value: 0.1 is 10 % more."""
        return self.new / self.old - 1


@dataclass(frozen=True)
class Levels:
    """A series as levels."""

    medians: Sequence[tuple[int, int, float]]
    """(first, last, median): indices into the series, both included."""
    noise: float
    """Standard deviation of a release around its level, as a part of the value."""

    @property
    def steps(self) -> list[Step]:
        """Between each two levels."""
        return [Step(old[1], new[0], old[2], new[2]) for old, new in pairwise(self.medians)]


def find(series: Sequence[float | None]) -> Levels:
    """Find the levels of a series of positive values; None where there is no value."""
    places = [i for i, value in enumerate(series) if value is not None and value > 0]
    logs = [math.log(series[i] or 1) for i in places]
    noise = _noise(logs)
    bounds = _proposed(logs, noise)
    while len(bounds) > 2:
        certainties = [
            (_certainty(logs[a:b], logs[b:c], noise), b)
            for a, b, c in zip(bounds, bounds[1:], bounds[2:], strict=False)
        ]
        weakest, where = min(certainties)
        if weakest >= 1:
            break
        bounds.remove(where)
    medians = [
        (places[start], places[end - 1], math.exp(median(logs[start:end])))
        for start, end in pairwise(bounds)
    ]
    return Levels(medians, math.expm1(noise))


def _noise(logs: Sequence[float]) -> float:
    differences = [abs(b - a) for a, b in pairwise(logs)]
    return _MAD * median(differences) / math.sqrt(2) if differences else 0.0


def _proposed(logs: Sequence[float], noise: float) -> list[int]:
    """Where levels could begin, and the end of the last."""
    if len(logs) < 2 * SHORTEST:
        return [0, len(logs)] if logs else []
    from asv.step_detect import solve_potts  # noqa: PLC0415  # large

    penalty = max(PENALTY * noise, 1e-9)
    ends, *_ = solve_potts(logs, [1] * len(logs), penalty, min_size=SHORTEST)
    return [0, *ends]


def _certainty(old: Sequence[float], new: Sequence[float], noise: float) -> float:
    """How large the step is, in parts of what it needs to count."""
    error = _MEDIAN * noise * math.sqrt(1 / len(old) + 1 / len(new))
    return abs(median(new) - median(old)) / max(math.log1p(LEAST), CERTAIN * error)
