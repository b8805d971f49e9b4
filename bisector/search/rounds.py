"""Which points of a line to measure next, and what can be said of its steps.  Pure, no I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bisector.search.steps import SUSPECT, Aim, Belief, Bump, Effect

WORTH = 0.7
"""A step is worth placing if it may be this large, as a part of the smallest one asked for."""
CERTAIN = 3.5
"""How many standard deviations a drift has to be, before it is called one."""
FLANK = 0.025
"""Probability of lying outside of the stretch that a round looks at."""


@dataclass(frozen=True)
class Step:
    """A step between two nearest testable points.  Changes are logarithms of ratios."""

    before: int
    after: int
    change: float
    spread: float
    probability: float


@dataclass(frozen=True)
class Rest:
    """A change that is in no single place as far as one can tell."""

    first: int
    last: int
    change: float
    drift: bool
    """Whether it is many small ones: no single step of the size asked for seems to be in it."""


@dataclass(frozen=True)
class Answer:
    """What can be said."""

    steps: tuple[Step, ...]
    rests: tuple[Rest, ...]
    unseen: int
    """How many testable points lie side by side unmeasured, at most."""


def next_round(belief: Belief, width: int, aim: Aim) -> list[int]:
    """Choose the points of the next round, oldest first; empty when there is nothing to ask.

    Both ends come first.  Then, coarse to fine, points all along the line, for a step that is
    undone again is not seen at the ends; before the finest of them, whatever step looks worth
    placing and is not yet placed: where it can be is cut so that it is as likely on either side.

    Args:
        width: how many figures a round takes, three at least.
    """
    if len(belief.line) < 2:
        return []
    ends = [belief.line[0], belief.line[-1]]
    if any(end not in belief.counts for end in ends):
        return sorted((ends * width)[: width - width % 2])
    coarse = max(aim.gap, 2 * math.isqrt(len(belief.line)))
    if unseen := _unseen(belief, coarse, width - 1):
        return _with_known(belief, unseen, width)
    target = _target(belief, aim)
    if target and target.exists >= 0.5:
        return _around(belief, target, width)
    if unseen := _unseen(belief, aim.gap, width - 1):
        return _with_known(belief, unseen, width)
    if target:
        return _around(belief, target, width)
    if belief.bump and belief.bump.exists >= SUSPECT:
        return _across(belief, belief.bump, width)
    if rival := _rival(belief, aim):
        return _around(belief, rival, width)
    return []


def conclude(belief: Belief, aim: Aim) -> Answer:
    """Say which steps are placed with the confidence asked for, and what is left over."""
    steps, rest = [], []
    for effect in belief.effects:
        step = _placed(belief, effect, aim)
        if step and abs(step.change) >= WORTH * aim.least:
            steps.append(step)
        else:
            rest.append(effect)
    gaps = [len(belief.inside(k)) for k in range(len(belief.points) - 1)]
    return Answer(_joined(steps), _rests(belief, rest, aim), max(gaps, default=len(belief.line)))


def _placed(belief: Belief, effect: Effect, aim: Aim) -> Step | None:
    k = int(np.argmax(effect.places))
    probability = effect.exists * float(effect.places[k])
    if probability < aim.confidence or belief.inside(k):
        return None
    before, after = belief.points[k], belief.points[k + 1]
    return Step(before, after, effect.change, effect.spread, probability)


def _joined(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Put together what stands at one place, oldest first."""
    found: dict[int, Step] = {}
    for step in steps:
        known = found.get(step.after, Step(step.before, step.after, 0.0, 0.0, 1.0))
        found[step.after] = Step(
            step.before,
            step.after,
            step.change + known.change,
            math.hypot(step.spread, known.spread),
            min(step.probability, known.probability),
        )
    return tuple(found[after] for after in sorted(found))


def _rests(belief: Belief, effects: Sequence[Effect], aim: Aim) -> tuple[Rest, ...]:
    """What is not placed; effects of one direction side by side are one change."""
    found: list[tuple[int, int, list[Effect]]] = []
    likely = [e for e in effects if e.exists >= aim.confidence]
    for effect in sorted(likely, key=lambda e: float(np.cumsum(e.places).searchsorted(0.5))):
        low, high = _range(effect, aim)
        if found and found[-1][2][-1].change * effect.change > 0:
            first, last, members = found[-1]
            found[-1] = (min(first, low), max(last, high), [*members, effect])
        else:
            found.append((low, high, [effect]))
    rests = []
    drift = belief.drift
    if drift and abs(drift.change) >= max(aim.least, CERTAIN * drift.spread):
        low, high = drift.places
        rests.append(Rest(belief.points[low], belief.points[high + 1], drift.change, drift=True))
    for low, high, members in found:
        change = sum(e.change for e in members)
        if abs(change) >= WORTH * aim.least:
            small = all(abs(e.change) < WORTH * aim.least for e in members)
            rests.append(Rest(belief.points[low], belief.points[high + 1], change, small))
    return tuple(rests)


def _range(effect: Effect, aim: Aim) -> tuple[int, int]:
    """First and last place of the stretch that holds the step with the confidence asked for."""
    below = np.cumsum(effect.places)
    doubt, last = (1 - aim.confidence) / 2, len(below) - 1
    low, high = int(below.searchsorted(doubt)), int(below.searchsorted(below[-1] - doubt))
    return min(low, last), min(high, last)


def _worth(effect: Effect, aim: Aim) -> bool:
    return abs(effect.change) + effect.spread >= WORTH * aim.least


def _target(belief: Belief, aim: Aim) -> Effect | None:
    """The step about which most is left to find out."""
    open_ = [e for e in belief.effects if _worth(e, aim) and not _placed(belief, e, aim)]
    return max(open_, key=_size, default=None)


def _rival(belief: Belief, aim: Aim) -> Effect | None:
    """The largest step that only the other guess of the background sees."""
    known = [e for e in belief.effects if e.exists >= 0.5]
    others = [
        e
        for e in belief.rivals
        if _worth(e, aim) and not any(np.minimum(e.places, k.places).sum() >= 0.5 for k in known)
    ]
    return max(others, key=_size, default=None)


def _size(effect: Effect) -> float:
    """How large it is, as far as it exists."""
    return effect.exists * abs(effect.change)


def _unseen(belief: Belief, gap: int, most: int) -> list[int]:
    """Points to look at, each in the middle of the most points side by side that are unseen.

    Args:
        gap: so many side by side are left alone.
        most: how many points are chosen at most.
    """
    stretches = [belief.inside(k) for k in range(len(belief.points) - 1)]
    chosen: list[int] = []
    while len(chosen) < most:
        widest = max(stretches, key=len)
        if len(widest) < gap:
            break
        stretches.remove(widest)
        middle = len(widest) // 2
        chosen.append(widest[middle])
        stretches += [widest[:middle], widest[middle + 1 :]]
    return sorted(chosen)


def _with_known(belief: Belief, chosen: Sequence[int], width: int) -> list[int]:
    """New points, and known ones to join them to the rest: those that were measured least.

    Where there are too few, they come repeatedly.
    """
    middle = chosen[len(chosen) // 2]
    known = sorted(belief.points, key=lambda i: (belief.counts[i], abs(i - middle)))
    return sorted(([*chosen, *known] * width)[:width])


def _across(belief: Belief, bump: Bump, width: int) -> list[int]:
    """Points before, inside and after a bump: those beside its edges first."""
    left, right = bump.places
    points = belief.points
    wanted = [points[left + 1], points[right], points[left], points[right + 1]]
    wanted += [*belief.inside(left)[:1], *belief.inside(right)[:1]]
    chosen = list(dict.fromkeys(wanted))[:width]
    return sorted((chosen * width)[:width])


def _around(belief: Belief, effect: Effect, width: int) -> list[int]:
    """Points that cut where a step can be into parts of the same probability, and both flanks."""
    chance = dict.fromkeys(belief.line, 0.0)  # of the step to be right before each testable point
    for k, probability in enumerate(effect.places):
        ends = [*belief.inside(k), belief.points[k + 1]]
        for i in ends:
            chance[i] += float(probability) / len(ends)
    before = np.cumsum([chance[i] for i in belief.line])  # of the step to be before it at all
    doubt_of_one = math.exp(-((effect.change / belief.noise) ** 2) / 4)
    low = max(int(before.searchsorted(FLANK / 2)) - 1, 0)
    high = min(int(before.searchsorted(1 - FLANK / 2)), len(before) - 1)
    chosen = [low, high]
    while len(chosen) < width:
        # What is in doubt about the side of each point: between two chosen ones, how evenly it
        # cuts the probability there; of one that is chosen, what its noise will leave.
        doubt = np.zeros(len(before))
        for a, b in pairwise(sorted({*chosen})):
            mass = before[b] - before[a]
            if mass > 0 and b - a > 1:
                part = (before[a + 1 : b] - before[a]) / mass
                doubt[a + 1 : b] = mass * part * (1 - part)
        for i in {*chosen}:
            doubt[i] = before[i] * (1 - before[i]) * doubt_of_one ** chosen.count(i)
        chosen.append(int(np.argmax(doubt)) if doubt.any() else [low, high][len(chosen) % 2])
    return sorted(belief.line[i] for i in chosen)
