"""The rule by which a benchmark of the candidate is no worse, or worse, or cannot be told.  Pure.

A round gives a pair: baseline and candidate, measured one right after the other.  What counts is
the logarithm of the candidate's value as a part of the baseline's, of which the rounds are
independent samples; their mean has a t distribution.

*Worse* is a candidate whose change is larger than `MATTERS` with such certainty that of 100 whole
runs with nothing to find no more than 1 calls anything worse (`FALSE_ALARMS`).  A run tests many
benchmarks, and looks several times whether it may stop; each of these tests gets its equal part of
the 1 % (Bonferroni).

*No worse* is a candidate whose change is smaller than `TOLERATED` with a confidence of `CONFIDENCE`
for this benchmark at this look.

Whatever is neither cannot be told yet, and more rounds are taken, up to a limit.

The sides take turns in being first, which of an odd number of rounds leaves one over.  In the
recorded rounds of `nox -s calibrate` being first makes a difference of 0.5 % at most; a ninth of
that is nothing to these limits.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from bisector.check.result import Judgement

FALSE_ALARMS = 0.01
CONFIDENCE = 0.975
MATTERS = 0.02
"""As a part: a smaller change is nobody's reason to hold a release back."""
TOLERATED = 0.05
"""As a part: what "no worse" may hide."""
POWER = 0.95
"""With that probability a change of the size `Estimate.smallest` is called worse."""
LOOKS, QUICK_LOOKS = (6, 9, 12, 16), (9,)
"""After how many rounds it is looked whether all is decided."""


@dataclass(frozen=True)
class Estimate:
    """A change as a part of the baseline's value: 0.1 is 10 % more, which is worse."""

    change: float
    low: float
    """It is at least this, with the certainty that `worse` needs."""
    high: float
    """It is at most this, with the certainty that `no worse` needs."""
    smallest: float
    """The smallest change that would have been called worse at this spread, in `POWER` of runs."""
    spread: float
    """Standard deviation of one round, as a part."""
    judgement: Judgement


def judge(pairs: Sequence[tuple[float, float]], tests: int) -> Estimate:
    """Judge one benchmark.

    Args:
        pairs: (baseline, candidate) of each round, positive and in the same unit; two at least.
        tests: how many tests the whole run makes: benchmarks times looks.
    """
    logs = np.array([math.log(candidate / baseline) for baseline, candidate in pairs])
    n = len(logs)
    mean, spread = float(logs.mean()), float(logs.std(ddof=1))
    error = spread / math.sqrt(n)
    certain = _quantile(1 - FALSE_ALARMS / tests, n - 1)
    low = mean - certain * error
    high = mean + _quantile(CONFIDENCE, n - 1) * error
    found = math.log1p(MATTERS) + _distance(certain, n - 1) * error
    if low > math.log1p(MATTERS):
        judgement = Judgement.WORSE
    elif high < math.log1p(TOLERATED):
        judgement = Judgement.NO_WORSE
    else:
        judgement = Judgement.CANNOT_TELL
    change, least, most, smallest, scatter = map(math.expm1, (mean, low, high, found, spread))
    return Estimate(change, least, most, smallest, scatter, judgement)


def walk(looks: Sequence[int], judged: Callable[[], Iterable[Judgement]]) -> Iterator[int]:
    """Yield after how many rounds to judge, until what was judged leaves nothing open."""
    for look in looks:
        yield look
        if Judgement.CANNOT_TELL not in judged():
            return


@functools.cache
def _quantile(probability: float, freedom: int) -> float:
    """Of Student's t distribution."""
    return float(stats.t.ppf(probability, freedom))


@functools.cache
def _distance(certain: float, freedom: int) -> float:
    """How many standard errors away a change has to lie to be called worse in `POWER` of runs.

    The standard error is itself estimated, hence the noncentral t distribution.
    """

    def missed(distance: float) -> float:
        return float(stats.nct.cdf(certain, freedom, distance)) - (1 - POWER)

    return float(optimize.brentq(missed, 0, 20 * certain))
