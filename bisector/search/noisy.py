"""The search where answers can be wrong: reproductions that fail sometimes.  Pure, no I/O.

A release's answers are coin tosses.  One side of the flip fails at one rate, the other side at
another one, and neither rate is known.  Bayes' rule gives, from the answers so far, the probability
of every place where the rate can have changed, and that it changed nowhere; the next probes go
where they are expected to leave the least doubt (entropy) about the place.  This is probabilistic
bisection (Horstein 1963; Burnashev and Zigangirov 1974) with the error rates learnt on the way.

What it takes for granted is that there is at most one flip.  A history with several of them looks
to it like one with high error rates: where answers repeat themselves, `bisector.search` is better.

As there, the search has no state of its own: all that is known is in the tallies.

Probes that 127 releases took on average, simulated, at confidence 0.99 and three at a time: 18 with
no wrong answers, 37 with 10 % wrong ones in either direction, 107 when the good side never fails
and the bad one in 30 %, 312 when in 10 %; 108 to be sure that nothing ever fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bisector.search.exact import Flip, Verdict

Array = NDArray[np.float64]

RATES: Array = np.clip(np.sin(np.linspace(0, np.pi / 2, 11)) ** 2, 0.001, 0.999)
"""Rates of failing that a side can have.  They lie evenly on the arcsine scale, on which a step is
equally hard to see everywhere: 0.1 %, 2 %, 10 %, 21 %, 35 %, 50 %, and up the same way.  The first
and the last stand for never and always: one stray answer is no contradiction."""

# Sides one step apart are no flip: to tell 2 % from 10 % takes more probes than a user has.
_STEPS = np.arange(RATES.size)
_APART = np.abs(np.subtract.outer(_STEPS, _STEPS)) >= 2
PAIRS: Array = _APART / _APART.sum()
"""Prior probability of the rates (before, after) of a flip: evenly spread (Jeffreys' prior), and
symmetric, since neither side is expected to be the bad one."""
NO_FLIP = 0.1
"""Prior probability that nothing changes: whoever asks has seen a difference."""

_FAILS, _WORKS = np.log(RATES), np.log1p(-RATES)
_WORLDS = 64


@dataclass(frozen=True)
class Tally:
    """How often a release's probes said good and bad."""

    good: int = 0
    bad: int = 0
    untestable: bool = False

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Tally:
        """Count the verdicts of one release; it is untestable if no probe of it could tell."""
        seen = list(verdicts)
        good, bad = seen.count(Verdict.GOOD), seen.count(Verdict.BAD)
        return cls(good, bad, untestable=bool(seen) and not good + bad)

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.good + other.good, self.bad + other.bad)


@dataclass(frozen=True)
class Posterior:
    """What the answers so far make of every place where the flip can be; adds up to 1."""

    flips: dict[Flip, float]
    """Probability by place.  Untestable releases belong to the place between their neighbours."""
    no_flip: float


@dataclass(frozen=True)
class Answer:
    """What can be said with the confidence asked for."""

    flip: Flip | None
    """None: nothing changes, as far as `RATES` can tell apart."""
    probability: float
    before: Tally
    """All answers of the releases up to the flip (of all releases, where there is none)."""
    after: Tally
    to: Verdict | None
    """Which side is entered at the flip: bad is the one that fails more often."""


def posterior(tallies: Sequence[Tally]) -> Posterior:
    """Return the probability of every flip, and of none, given the answers so far.

    Args:
        tallies: one for each release, in order; `Tally()` where nothing is known.
    """
    releases, chances = _chances(tallies)
    flips = [Flip(a, b) for a, b in pairwise(releases)]
    return Posterior(dict(zip(flips, chances[:-1].tolist(), strict=True)), float(chances[-1]))


def answer(tallies: Sequence[Tally], confidence: float = 0.99) -> Answer | None:
    """Return the flip, or that there is none, once that is at least so probable; else None."""
    releases, chances = _chances(tallies)
    k = int(np.argmax(chances))
    probability = float(chances[k])
    if probability < confidence or len(releases) < 2:
        return None
    if k == len(releases) - 1:
        return Answer(None, probability, sum(tallies, Tally()), Tally(), None)
    flip = Flip(releases[k], releases[k + 1])
    before = sum(tallies[: flip.after], Tally())
    after = sum(tallies[flip.after :], Tally())
    worse = after.bad * (before.good + before.bad) > before.bad * (after.good + after.bad)
    return Answer(flip, probability, before, after, Verdict.BAD if worse else Verdict.GOOD)


def next_to_probe(tallies: Sequence[Tally], width: int) -> list[int]:
    """Choose the `width` probes expected to leave the least doubt; a release can come repeatedly.

    Each probe of the round is chosen for all the answers that the ones before it may give, since
    none of them is known when it starts.  When to stop is for `answer` to say, or a budget.

    Args:
        width: how many probes are made side by side, at least 1.

    Returns:
        indices into the tallies; empty when fewer than two releases can be tested.
    """
    releases = _testable(tallies)
    if len(releases) < 2:
        return []
    places = _places(releases)
    good, bad = _counts(tallies, releases)
    chance = np.ones(1)  # of each world: the tallies as they would be after the round so far
    chosen: list[int] = []
    while True:
        belief = _belief(good, bad, places)
        fails = belief.fails()
        # Rounded, so that of equals the same one is always taken: at first, the oldest release.
        i = int(np.argmin(np.round(chance @ belief.doubt_after(fails), 9)))
        chosen.append(releases[i])
        if len(chosen) == width:
            return chosen
        one = np.eye(len(releases))[i]
        good, bad = np.vstack([good, good + one]), np.vstack([bad + one, bad])
        chance = np.concatenate([chance * fails[:, i], chance * (1 - fails[:, i])])
        # The unlikely worlds of a wide round would not change the choice.
        likely = np.argsort(chance)[::-1][:_WORLDS]
        good, bad, chance = good[likely], bad[likely], chance[likely]


@dataclass(frozen=True)
class _Belief:
    """Probabilities for m testable releases, in w worlds: arrays (w, m).

    Place k < m - 1: the releases 0...k are before the flip.  Place m - 1, before which all releases
    are, is no flip.
    """

    place: Array
    fails_before: Array
    """That the flip is there, and that a probe of a release before it would fail."""
    fails_after: Array

    def fails(self) -> Array:
        """Probability that a probe of each release would fail."""
        return _from(self.fails_before) + _until(self.fails_after)

    def doubt_after(self, fails: Array) -> Array:
        """Entropy of the place that is to be expected after a probe of each release, in nats."""
        doubt = -_entropy(fails) - _entropy(1 - fails)
        for before, after in (
            (self.fails_before, self.fails_after),
            (self.place - self.fails_before, self.place - self.fails_after),
        ):
            doubt += _from(_entropy(before)) + _until(_entropy(after))
        return doubt


def _belief(good: Array, bad: Array, places: Array) -> _Belief:
    """Apply Bayes' rule to counts of answers, arrays (w, m)."""
    good, bad = np.cumsum(good, axis=1), np.cumsum(bad, axis=1)
    before = _log_likelihood(good, bad)
    whole, before, after = before[..., -1:], before[..., :-1], before[..., -1:] - before[..., :-1]
    # Largest terms, taken out so that no exponential is 0 for all rates.
    scale_before, scale_after, scale_whole = before.max(0), after.max(0), whole.max(0)
    before, after = np.exp(before - scale_before), np.exp(after - scale_after)
    same = np.exp(whole - scale_whole) / RATES.size
    # For each place the sum over all pairs of rates; likewise weighted with the rate of a side.
    sides = np.tensordot(PAIRS, before, 1) * after
    sides_before = np.tensordot(PAIRS * RATES, before, 1) * after

    scale = np.concatenate([scale_before + scale_after, scale_whole], axis=1)
    weight = places * np.exp(scale - scale.max(1, keepdims=True))
    place = weight * np.concatenate([sides.sum(0), same.sum(0)], axis=1)
    total = place.sum(1, keepdims=True)
    weight /= total
    same_fails = np.tensordot(RATES, same, 1)
    return _Belief(
        place / total,
        weight * np.concatenate([sides_before.sum(0), same_fails], axis=1),
        weight * np.concatenate([np.tensordot(RATES, sides, 1), 0 * same_fails], axis=1),
    )


def _log_likelihood(good: Array, bad: Array) -> Array:
    """Logarithm of the probability of so many answers at each rate, array (rates, w, m)."""
    likelihood: Array = np.multiply.outer(_FAILS, bad) + np.multiply.outer(_WORKS, good)
    return likelihood


def _places(releases: Sequence[int]) -> Array:
    """Prior of each place: the more untestable releases lie in it, the likelier it is."""
    widths = np.diff(np.asarray(releases, dtype=np.float64))
    return np.append((1 - NO_FLIP) * widths / widths.sum(), NO_FLIP)


def _chances(tallies: Sequence[Tally]) -> tuple[list[int], Array]:
    """Return the m testable releases, and the probability of each place: array (m,)."""
    releases = _testable(tallies)
    if len(releases) < 2:
        return releases, np.ones(1)
    return releases, _belief(*_counts(tallies, releases), _places(releases)).place[0]


def _testable(tallies: Sequence[Tally]) -> list[int]:
    return [i for i, tally in enumerate(tallies) if not tally.untestable]


def _counts(tallies: Sequence[Tally], releases: Sequence[int]) -> tuple[Array, Array]:
    good = np.array([[tallies[i].good for i in releases]], dtype=np.float64)
    bad = np.array([[tallies[i].bad for i in releases]], dtype=np.float64)
    return good, bad


def _entropy(p: Array) -> Array:
    """-p log p, with 0 at 0 (a difference of equals can come out just below it)."""
    return -p * np.log(np.maximum(p, 1e-300))


def _from(values: Array) -> Array:
    """Sums over the places k >= i: release i is before the flip."""
    sums: Array = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
    return sums


def _until(values: Array) -> Array:
    """Sums over the places k < i: release i is after the flip."""
    sums: Array = np.cumsum(values, axis=1) - values
    return sums
