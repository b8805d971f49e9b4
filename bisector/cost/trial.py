"""Puts a step to the test: its two releases, compared afresh by the rule of the check."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence

from scipy import stats

from bisector.check import rule
from bisector.check.result import Judgement
from bisector.cost.ledger import Taken, Trial
from bisector.questions.cost import Benchmark

Take = Callable[[Sequence[int]], Awaitable[list[Taken]]]
"""Measures points of the axis in that order, in a round."""
LOST = 4
"""After so many rounds in which a release gave no figure the trial is given up."""


async def run(
    sides: tuple[int, int],
    names: tuple[str, str],
    wanted: Sequence[Benchmark],
    take: Take,
    *,
    more: bool,
    before: int,
    confidence: float,
    environments: tuple[str, str],
) -> list[Trial]:
    """Compare the two releases until it is clear whether the step is there.

    The k-th trial of a question may err with a probability of (1 - confidence) / (k (k + 1)), so
    that all of them together, however many there are, err no more often than 1 - confidence.

    Args:
        more: whether the later release is thought to cost more.
        before: how many trials there were already.
    """
    tests = tests_of(before + 1, confidence) * len(wanted)
    pairs: dict[str, list[tuple[float, float]]] = {benchmark.name: [] for benchmark in wanted}
    judged: dict[str, Judgement] = {}
    taken = lost = 0
    for look in rule.walk(rule.LOOKS, judged.values):
        while taken < look and lost < LOST:
            old, new = await _pair(sides, take, reverse=bool(taken % 2))
            measured = [n for n in pairs if n in old.figures.values and n in new.figures.values]
            for name in measured:
                pairs[name].append((old.figures.values[name], new.figures.values[name]))
            taken, lost = taken + bool(measured), lost + (not measured)
        if lost >= LOST:
            break
        for name, found in pairs.items():
            if len(found) > 1:
                judged[name] = rule.judge(_turned(found, more=more), tests).judgement
    return [
        _tested(name, names, found, tests, more=more, environments=environments)
        for name, found in pairs.items()
    ]


def tests_of(k: int, confidence: float) -> int:
    """How many tests the rule has to allow for, so that the k-th trial errs no more than it may."""
    return math.ceil(len(rule.LOOKS) * k * (k + 1) * rule.FALSE_ALARMS / (1 - confidence))


def certain(confidence: float) -> float:
    """How many standard errors lie on either side, for an interval of that confidence."""
    return float(stats.norm.ppf((1 + confidence) / 2))


async def _pair(sides: tuple[int, int], take: Take, *, reverse: bool) -> tuple[Taken, Taken]:
    """A round of the two, in turns who is first."""
    if reverse:
        new, old = await take([sides[1], sides[0]])
    else:
        old, new = await take([*sides])
    return old, new


def _turned(pairs: Sequence[tuple[float, float]], *, more: bool) -> list[tuple[float, float]]:
    """So that a step of the direction expected is one for the worse."""
    return [pair if more else (pair[1], pair[0]) for pair in pairs]


def _tested(
    name: str,
    names: tuple[str, str],
    pairs: Sequence[tuple[float, float]],
    tests: int,
    *,
    more: bool,
    environments: tuple[str, str],
) -> Trial:
    if len(pairs) < 2:
        return Trial(name, *names, 0.0, 0.0, 0.0, len(pairs), False, environments)
    found = rule.judge(_turned(pairs, more=more), tests)
    change, low, high = found.change, found.low, found.high
    if not more:
        change, low, high = (1 / (1 + part) - 1 for part in (change, high, low))
    confirmed = found.judgement is Judgement.WORSE
    change, low, high = (round(part, 5) for part in (change, low, high))
    return Trial(name, *names, change, low, high, len(pairs), confirmed, environments)
