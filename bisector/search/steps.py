"""The search for steps of a cost: what the rounds say of where it changes.  Pure, no I/O.

Points lie on a line.  A round measures a few of them in turns, and gives the logarithm of what each
cost; all figures of a round share an offset that nobody knows, for the machine is never the same
twice.  So only differences within a round say anything, and rounds chain through the points that
they have in common.

The level along the line is thought of as a sum of steps, each at one place, on top of a background
that wanders a little.  Bayes' rule gives for each step the probability of every place where it can
be, given the others; going round them until nothing moves is the sum of single effects of Wang,
Sarkar, Carbonetto and Stephens (2020).  Places between the same two measured points cannot be told
apart yet, and are one.  Noise has heavy tails (Student's t with `FREEDOM` degrees): a wild figure
loses its weight.

As in the other searches there is no state: all that is known is in the rounds.  What to measure
next follows from it in `bisector.search.rounds`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SLABS: Array = np.array([1.0, 3.0, 10.0, 30.0])
"""How large a step may be: standard deviations of its normal priors, in parts of `Aim.least`."""
EXISTS = 0.2
"""Prior probability of each further step."""
MOST = 12
"""Steps that are looked for."""
WANDERS = (0.02, 0.1)
"""Standard deviations of the background's change from one point to the next, in parts of
`Aim.least`: what many releases do a little is no step.  The likelier one is taken."""
FREEDOM = 4.0
NOISE, NOISE_COUNTS = 0.02, 4.0
"""Scale of a figure's noise within its round before anything is known, and how many figures that
guess is worth."""
MAD = 1.4826
"""Standard deviation of normal figures in median absolute deviations."""
SUSPECT = 0.003
"""A step with less probability than this is not followed up."""
_SLAB_WEIGHTS = np.log(np.full(SLABS.size, 1 / SLABS.size))[:, None]
_SWEEPS, _REWEIGHTS, _SETTLED = 30, 3, 1e-4


@dataclass(frozen=True)
class Aim:
    """What is looked for."""

    least: float = math.log1p(0.05)
    """The smallest step worth finding, as a logarithm of a ratio."""
    confidence: float = 0.99
    gap: int = 2
    """Of so many points side by side one at least is measured: two steps closer together than
    that, which undo each other, can be missed."""


@dataclass(frozen=True)
class Round:
    """Points measured in turns, and the logarithm of what each cost; a point may come repeatedly.

    The offset of the logarithms is unknown, and another one in each round.
    """

    points: tuple[int, ...]
    logs: tuple[float, ...]


@dataclass(frozen=True)
class Effect:
    """A step, as far as it is known."""

    exists: float
    """Probability that it is there at all."""
    places: Array
    """Probability of each place, given that it is: array (n - 1,) for n measured points."""
    change: float
    """Logarithm of the ratio, new to old."""
    spread: float
    """Standard deviation of that."""


@dataclass(frozen=True)
class Bump:
    """Two steps at once, of which neither would be seen alone, such as one that is soon undone."""

    exists: float
    places: tuple[int, int]
    """The likeliest."""
    changes: tuple[float, float]


@dataclass(frozen=True)
class Drift:
    """What many small changes add up to where they add up to most.  Logarithms of ratios."""

    places: tuple[int, int]
    """The first and the last of them."""
    change: float
    spread: float


@dataclass(frozen=True)
class Belief:
    """What the rounds make of the line."""

    line: tuple[int, ...]
    """Indices of the points that can be tested."""
    points: tuple[int, ...]
    """Those of them that were measured, n of them; place k is between points k and k + 1."""
    counts: dict[int, int]
    """How often each was measured."""
    effects: tuple[Effect, ...]
    noise: float
    """Scale of a figure's noise within its round."""
    bump: Bump | None = None
    drift: Drift | None = None
    rivals: tuple[Effect, ...] = ()
    """The likely steps by another wandering of the background, where that is not excluded."""
    ends: tuple[float, float] = (0.0, math.inf)
    """What the newest point measured costs more than the oldest, steps and all, and its spread."""

    def inside(self, place: int) -> list[int]:
        """Return the testable points in a place: none where it is between two neighbours."""
        return [i for i in self.line if self.points[place] < i < self.points[place + 1]]


def believe(testable: Sequence[bool], rounds: Sequence[Round], aim: Aim) -> Belief:
    """Return what the rounds make of the line.

    Args:
        testable: one for each point of the line.
        rounds: what was observed; figures of points that are not testable are left out.
    """
    line = tuple(i for i, usable in enumerate(testable) if usable)
    kept = [
        (r, i, y)
        for r, one in enumerate(rounds)
        for i, y in zip(one.points, one.logs, strict=True)
        if testable[i]
    ]
    counts = dict(Counter(i for _, i, _ in kept))
    points = tuple(sorted(counts))
    if len(points) < 2:
        return Belief(line, points, counts, (), NOISE)
    place = {i: k for k, i in enumerate(points)}
    data = _Data(
        np.array([r for r, _, _ in kept]),
        np.array([place[i] for _, i, _ in kept]),
        np.array([y for _, _, y in kept]),
        len(rounds),
        len(points),
    )
    widths = np.diff(np.array(points, dtype=np.float64))
    prior = np.log(widths / widths.sum())
    views = [_View(prior, (wander * aim.least) ** 2 * widths, aim) for wander in WANDERS]
    # From too much noise to less: who begins with too little takes it for levels, and stays there.
    weights, noise = np.ones(len(kept)), max(NOISE, data.scale())
    for _ in range(_REWEIGHTS):
        precision, pull = data.summary(weights, noise)
        for view in views:
            view.look(precision, pull)
        view = max(views, key=lambda view: view.evidence)
        weights, noise = data.reweigh(view.change, weights, noise, view.spent)
    likely = tuple(effect for effect in view.sum.effects if effect.exists >= SUSPECT)
    excluded = view.evidence + math.log(1 - aim.confidence)
    rivals = tuple(
        effect
        for other in views
        if other is not view and other.evidence > excluded
        for effect in other.sum.effects
        if effect.exists >= 0.5
    )
    return Belief(
        line, points, counts, likely, noise, view.sum.bump, view.drift(), rivals,
        data.ends(weights, noise),
    )  # fmt: skip


@dataclass(frozen=True)
class _Data:
    """Figures: the round, the measured point and the logarithm of each, arrays (m,)."""

    round: NDArray[np.int64]
    point: NDArray[np.int64]
    y: Array
    rounds: int
    points: int

    def summary(self, weights: Array, noise: float) -> tuple[Array, Array]:
        """Return precision (n - 1, n - 1) and pull (n - 1,) of the steps, rounds' offsets apart."""
        shares = np.zeros((self.rounds, self.points))
        np.add.at(shares, (self.round, self.point), weights)
        of_round = np.maximum(shares.sum(1), 1e-12)[:, None]
        laplacian = np.diag(shares.sum(0)) - shares.T @ (shares / of_round)
        centred = self.y - self._means(self.y, weights)
        pull = np.bincount(self.point, weights * centred, self.points)
        # A step moves all points after it.
        after = np.cumsum(np.cumsum(laplacian[::-1, ::-1], 0), 1)[::-1, ::-1][1:, 1:]
        return after / noise**2, np.cumsum(pull[::-1])[::-1][1:] / noise**2

    def scale(self) -> float:
        """Of all that figures of a round differ by: noise, and levels, too."""
        left = np.abs(self.y - self._means(self.y, np.ones(len(self.y))))
        return float(np.median(left)) * MAD

    def reweigh(
        self, change: Array, weights: Array, noise: float, spent: float
    ) -> tuple[Array, float]:
        """Return weights and noise by what the levels leave over (EM for Student's t).

        Args:
            change: of the level at each place.
            spent: how many figures the levels took to be known.
        """
        level = np.concatenate([[0.0], np.cumsum(change)])
        left = self.y - level[self.point]
        left = left - self._means(left, weights)
        free = max(len(self.y) - self.rounds - spent, 0.0)
        for _ in range(4):
            weights = (FREEDOM + 1) / (FREEDOM + (left / noise) ** 2)
            found = float(weights @ left**2)
            noise = math.sqrt((NOISE_COUNTS * NOISE**2 + found) / (NOISE_COUNTS + free))
        return weights, noise

    def ends(self, weights: Array, noise: float) -> tuple[float, float]:
        """Return the difference between the last point and the first by least squares, and its
        standard deviation: no other point has to lie on a line with these.
        """
        precision, pull = self.summary(weights, noise)
        inverse = np.linalg.pinv(precision)
        return float((inverse @ pull).sum()), math.sqrt(max(float(inverse.sum()), 0.0))

    def _means(self, values: Array, weights: Array) -> Array:
        sums = np.bincount(self.round, weights * values, self.rounds)
        of_round = np.bincount(self.round, weights, self.rounds)
        means: Array = (sums / np.maximum(of_round, 1e-12))[self.round]
        return means


class _View:
    """What the line looks like if the background wanders so much."""

    def __init__(self, prior: Array, wander: Array, aim: Aim) -> None:
        self._wander, self.sum = wander, _Sum(prior, aim.least * SLABS)
        self.evidence = -math.inf
        self.change: Array = np.zeros_like(wander)
        """Of the level at each place, steps and background together."""
        self.spent = 0.0
        """How many figures the levels took to be known."""
        self._background: Array = np.zeros_like(wander)
        self._covariance: Array = np.diag(wander)

    def look(self, precision: Array, pull: Array) -> None:
        """Find the steps; what the background can explain, no step has to."""
        damping = np.eye(len(pull)) + precision * self._wander
        both = np.column_stack([precision, pull])
        damped = np.linalg.solve(damping, both).astype(np.float64)
        precision, kept = damped[:, :-1], damped[:, -1]
        self.sum.fit(precision, kept)
        steps = self.sum.mean
        explained: Array = precision @ steps
        self._background = self._wander * (kept - explained)
        undamped = np.linalg.inv(damping)
        self._covariance = self._wander[:, None] * undamped
        self.spent = len(pull) - float(np.trace(undamped))
        self.spent += sum(effect.exists for effect in self.sum.effects)
        self.change = steps + self._background
        background = float(pull @ (self._wander * kept)) - float(np.linalg.slogdet(damping)[1])
        self.evidence = 0.5 * background + self.sum.evidence

    def drift(self) -> Drift:
        """Return the stretch over which the background changes most, in one direction or other."""
        height = np.concatenate([[0.0], np.cumsum(self._background)])
        rise = height[None, :] - height[:, None]
        first, last = np.unravel_index(int(np.argmax(np.abs(np.triu(rise)))), rise.shape)
        if first == last:
            return Drift((0, 0), 0.0, math.inf)
        stretch = slice(int(first), int(last))
        spread = math.sqrt(max(float(self._covariance[stretch, stretch].sum()), 0.0))
        return Drift((int(first), int(last) - 1), float(rise[first, last]), spread)


class _Sum:
    """A sum of single effects, each at one place; refined where it stands, or grown."""

    def __init__(self, prior: Array, slabs: Array) -> None:
        self._prior = prior + _SLAB_WEIGHTS + math.log(EXISTS)
        self._slabs = (slabs**2)[:, None]
        self._means: list[Array] = []
        self._factors: list[float] = []
        self.effects: list[Effect] = []
        self.evidence = 0.0
        """Logarithm of the Bayes factor against no step (a lower bound)."""
        self.bump: Bump | None = None

    @property
    def mean(self) -> Array:
        """Expected step at each place."""
        total: Array = np.sum(self._means, axis=0) if self._means else np.zeros_like(self._prior[0])
        return total

    def fit(self, precision: Array, pull: Array) -> None:
        """Let the effects explain the pull; adds effects while the last one is likely to be."""
        self.bump = None
        self._settle(precision, pull)
        while len(self.effects) < MOST:
            count = len(self.effects)
            if all(effect.exists >= 0.5 for effect in self.effects):
                self._add(np.zeros(len(pull)))
                self._settle(precision, pull)
                if len(self.effects) <= count:
                    break
                continue
            # A step that is undone soon is hard to see for either of its sides alone.
            self.bump = self._likeliest_bump(precision, pull)
            if self.bump is None or self.bump.exists < 0.5:
                break
            for place, change in zip(self.bump.places, self.bump.changes, strict=True):
                self._add(np.eye(len(pull))[place] * change)
            self._settle(precision, pull)
            if len(self.effects) <= count:
                break
        total, means = self.mean, self._means
        shared = float(total @ precision @ total) - sum(float(m @ precision @ m) for m in means)
        self.evidence = 0.5 * shared + sum(self._factors)

    def _add(self, mean: Array) -> None:
        self.effects.append(Effect(0.0, np.zeros(len(mean)), 0.0, 0.0))
        self._means.append(mean)
        self._factors.append(0.0)

    def _settle(self, precision: Array, pull: Array) -> None:
        """Go round the effects until nothing moves; one unlikely effect at most is left.

        It stands for what else there may be.
        """
        self._go_round(precision, pull)
        while sum(effect.exists < 0.5 for effect in self.effects) > 1:
            k = min(range(len(self.effects)), key=lambda k: self.effects[k].exists)
            del self.effects[k], self._means[k], self._factors[k]
            self._go_round(precision, pull)

    def _go_round(self, precision: Array, pull: Array) -> None:
        # Of each slab and place: the variance that the figures leave, and what the prior says.
        held = self._slabs / (1 + self._slabs * np.maximum(np.diag(precision), 0.0))
        cost = self._prior + 0.5 * np.log(held / self._slabs)
        none = math.log(1 - EXISTS)
        left = pull - precision @ self.mean
        for _ in range(_SWEEPS):
            moved = 0.0
            for k, old in enumerate(self._means):
                alone = left + precision @ old
                log = cost + 0.5 * held * alone**2
                top = max(float(log.max()), none)
                chance = np.exp(log - top)
                all_ = float(chance.sum()) + math.exp(none - top)
                chance /= all_
                means = held * alone
                new = (chance * means).sum(0)
                left = alone - precision @ new
                moved = max(moved, float(np.abs(new - old).max()))
                exists = max(float(chance.sum()), 1e-300)
                change = float(new.sum()) / exists
                square = float((chance * (held + means**2)).sum()) / exists
                spread = math.sqrt(max(square - change**2, 0.0))
                self._means[k], self._factors[k] = new, math.log(all_) + top
                self.effects[k] = Effect(exists, chance.sum(0) / exists, change, spread)
            if moved < _SETTLED:
                return

    def _likeliest_bump(self, precision: Array, pull: Array) -> Bump | None:
        """Two steps at once, beside the steps that are likely; None where there is no room."""
        if len(pull) < 2:
            return None
        likely = [m for m, e in zip(self._means, self.effects, strict=True) if e.exists >= 0.5]
        left = pull - precision @ np.sum(likely, axis=0) if likely else pull
        i, j = np.triu_indices(len(pull), 1)
        cross, slab = precision[i, j], self._slabs
        one, two = precision[i, i] + 1 / slab, precision[j, j] + 1 / slab
        area = np.maximum(one * two - cross**2, 1e-12)
        first = (two * left[i] - cross * left[j]) / area
        second = (one * left[j] - cross * left[i]) / area
        log = self._prior[:, i] + self._prior[:, j] - _SLAB_WEIGHTS
        log += 0.5 * (first * left[i] + second * left[j]) - 0.5 * np.log(area) - np.log(slab)
        none = 2 * math.log(1 - EXISTS)
        top = max(float(log.max()), none)
        chance = np.exp(log - top)
        total = float(chance.sum())
        best = np.unravel_index(int(np.argmax(chance)), chance.shape)
        return Bump(
            total / (total + math.exp(none - top)),
            (int(i[best[1]]), int(j[best[1]])),
            (float(first[best]), float(second[best])),
        )
