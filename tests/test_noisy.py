"""The noisy search, on simulated histories: it is right as often as it says."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import mean, quantiles

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.search import noisy
from bisector.search.exact import Flip, Verdict
from bisector.search.noisy import Answer, Tally


@dataclass
class Simulation:
    """A history whose releases fail at a rate of their own, and a search through it."""

    rates: Sequence[float]
    rng: random.Random
    untestable: frozenset[int] = frozenset()
    tallies: list[Tally] = field(init=False)
    probes: int = 0

    def __post_init__(self) -> None:
        self.tallies = [Tally()] * len(self.rates)

    def round(self, width: int) -> list[int]:
        chosen = noisy.next_to_probe(self.tallies, width)
        for i in chosen:
            self.probes += 1
            fails = self.rng.random() < self.rates[i]
            verdict = Verdict.BAD if fails else Verdict.GOOD
            if i in self.untestable:
                self.tallies[i] = Tally.of([Verdict.SKIP])
            else:
                self.tallies[i] += Tally.of([verdict])
        return chosen

    def run(self, width: int = 3, budget: int = 2000) -> Answer | None:
        while (found := noisy.answer(self.tallies, 0.99)) is None and self.probes < budget:
            assert len(self.round(width)) == width
        return found


def flipped(n: int, after: int, rates: tuple[float, float]) -> list[float]:
    return [rates[i >= after] for i in range(n)]


def histories(
    count: int, n: int, sides: tuple[float, float], seed: int
) -> Iterator[tuple[int, Verdict, Simulation]]:
    """Histories with a flip anywhere, in either direction; `sides`: rates of failing."""
    rng = random.Random(seed)
    for _ in range(count):
        after, to = rng.randrange(1, n), rng.choice([Verdict.GOOD, Verdict.BAD])
        rates = sides if to is Verdict.BAD else sides[::-1]
        yield after, to, Simulation(flipped(n, after, rates), rng)


def test_one_wrong_answer_in_ten(capsys: pytest.CaptureFixture[str]) -> None:
    right, probes = 0, []
    for after, to, simulation in histories(1000, 127, sides=(0.1, 0.9), seed=1):
        found = simulation.run()
        right += found is not None and (found.flip, found.to) == (Flip(after - 1, after), to)
        probes.append(simulation.probes)
    with capsys.disabled():
        print(
            f"\n10 % wrong answers, 127 releases, 3 at a time: right in {right} of 1000 histories;"
            f" {mean(probes):.1f} probes on average, {quantiles(probes, n=20)[-1]:.0f} or fewer"
            f" in 95 % of them, {max(probes)} at most"
        )
    assert right >= 990
    assert mean(probes) < 45


@pytest.mark.parametrize(
    ("sides", "bound"),
    [
        pytest.param((0.0, 1.0), 20, id="no wrong answers"),
        pytest.param((0.0, 0.3), 130, id="good never fails, bad fails 30 %"),
        pytest.param((0.0, 0.7), 55, id="good never fails, bad works 30 %"),
        pytest.param((0.3, 1.0), 55, id="good fails 30 %, bad always"),
    ],
)
def test_deterministic_sides(sides: tuple[float, float], bound: int) -> None:
    right, probes = 0, []
    for after, to, simulation in histories(40, 127, sides, seed=2):
        found = simulation.run()
        right += found is not None and (found.flip, found.to) == (Flip(after - 1, after), to)
        probes.append(simulation.probes)
    assert right >= 38
    assert mean(probes) < bound


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 1.0])
def test_no_flip_at_all(rate: float) -> None:
    found = [Simulation([rate] * 127, random.Random(seed)).run() for seed in range(8)]
    right = [answer for answer in found if answer and answer.flip is None]
    assert len(right) >= 7
    assert all(answer.to is None and answer.probability >= 0.99 for answer in right)


def test_calibrated() -> None:
    """Drawn from the prior, an answer held for 70 % likely is right in 70 % of the cases."""
    rng = random.Random(3)
    pairs = [(p, q) for p in noisy.RATES for q in noisy.RATES]
    claims = []
    for _ in range(400):
        after = rng.randrange(1, 20)
        rates = rng.choices(pairs, noisy.PAIRS.ravel().tolist())[0]
        flip = None if rng.random() < noisy.NO_FLIP else Flip(after - 1, after)
        if flip is None:
            rates = (rng.choice(noisy.RATES),) * 2
        simulation = Simulation(flipped(20, after, rates), rng)
        for _ in range(rng.choice([2, 5, 10])):
            simulation.round(width=4)
        believed = noisy.posterior(simulation.tallies)
        chances = [(believed.no_flip, flip is None)]
        chances += [(p, place == flip) for place, p in believed.flips.items()]
        claims.append(max(chances, key=lambda chance: chance[0]))
    for low, high in ((0, 0.5), (0.5, 0.9), (0.9, 1.01)):
        within = [(p, right) for p, right in claims if low <= p < high]
        assert len(within) > 40
        deviation = math.sqrt(sum(p * (1 - p) for p, _ in within))
        assert abs(sum(p - right for p, right in within)) < 3 * deviation


def test_untestable_releases_are_stepped_round() -> None:
    rng = random.Random(4)
    untestable = frozenset({0, *range(12, 18), 39})
    simulation = Simulation(flipped(40, 15, (0.1, 0.9)), rng, untestable)
    found = simulation.run()
    assert found is not None
    assert found.flip == Flip(11, 18)  # as near as it can be told
    assert found.to is Verdict.BAD
    assert found.after.bad > found.after.good
    # Each of them costs one probe at most for each place in the round in which it was chosen.
    assert all(simulation.tallies[i] in (Tally(), Tally(untestable=True)) for i in untestable)


def test_the_round_is_spread_when_nothing_is_known() -> None:
    chosen = noisy.next_to_probe([Tally()] * 127, 4)
    assert len(set(chosen)) == 4
    assert max(chosen) - min(chosen) > 60


def test_a_release_can_come_twice_in_a_round() -> None:
    """Beside a flip that is nearly found there is nothing else to ask."""
    tallies = [Tally(good=6)] * 2 + [Tally(bad=6)] * 2
    assert len(noisy.next_to_probe(tallies, 12)) == 12


@pytest.mark.parametrize(
    "tallies", [[], [Tally()], [Tally(untestable=True)] * 5, [Tally(untestable=True), Tally(3, 1)]]
)
def test_nothing_to_search(tallies: list[Tally]) -> None:
    assert noisy.next_to_probe(tallies, 3) == []
    assert noisy.answer(tallies) is None
    assert noisy.posterior(tallies) == noisy.Posterior({}, 1.0)


def test_one_stray_answer_does_not_overturn_many() -> None:
    tallies = [Tally(good=20)] * 4 + [Tally(good=1, bad=20)] * 4
    found = noisy.answer(tallies)
    assert found is not None
    assert (found.flip, found.before, found.after) == (Flip(3, 4), Tally(80), Tally(4, 80))


def test_tally_of_verdicts() -> None:
    good, bad, skip = Verdict.GOOD, Verdict.BAD, Verdict.SKIP
    assert Tally.of([]) == Tally()
    assert Tally.of([skip, skip]) == Tally(untestable=True)
    assert Tally.of([good, skip, bad, good]) == Tally(2, 1)


counts = st.integers(0, 40)
tallies = st.lists(
    st.one_of(st.builds(Tally, counts, counts), st.just(Tally(untestable=True))),
    min_size=2,
    max_size=12,
)


@given(tallies)
def test_probabilities(history: list[Tally]) -> None:
    believed = noisy.posterior(history)
    assert sum(believed.flips.values()) + believed.no_flip == pytest.approx(1)
    testable = [i for i, tally in enumerate(history) if not tally.untestable]
    assert list(believed.flips) == [Flip(a, b) for a, b in pairwise(testable)]
    assert all(0 <= p <= 1 for p in believed.flips.values())


@given(tallies)
def test_direction_does_not_matter(history: list[Tally]) -> None:
    """Read backwards, or with good and bad swapped, the same places are as likely."""
    believed = noisy.posterior(history)
    forwards = [*believed.flips.values(), believed.no_flip]
    swapped = noisy.posterior([Tally(t.bad, t.good, t.untestable) for t in history])
    mirrored = noisy.posterior(history[::-1])
    assert [*swapped.flips.values(), swapped.no_flip] == pytest.approx(forwards)
    backwards = [*reversed(mirrored.flips.values()), mirrored.no_flip]
    assert backwards == pytest.approx(forwards)


@given(tallies)
def test_by_the_definition(history: list[Tally]) -> None:
    """Bayes' rule written out, place by place and rate by rate."""
    testable = [i for i, tally in enumerate(history) if not tally.untestable]

    def likelihood(releases: Sequence[int], rate: float) -> float:
        return math.prod(rate ** history[i].bad * (1 - rate) ** history[i].good for i in releases)

    chances = []
    for k in range(1, len(testable)):
        prior = (testable[k] - testable[k - 1]) / (testable[-1] - testable[0]) * 0.9
        before = [likelihood(testable[:k], rate) for rate in noisy.RATES]
        after = [likelihood(testable[k:], rate) for rate in noisy.RATES]
        chances.append(prior * float(np.array(before) @ noisy.PAIRS @ np.array(after)))
    chances.append(0.1 * mean(likelihood(testable, rate) for rate in noisy.RATES))
    if len(testable) < 2 or sum(chances) < 1e-290:
        return  # too small for plain floating point, which is why the code takes logarithms
    believed = noisy.posterior(history)
    assert [*believed.flips.values(), believed.no_flip] == pytest.approx(
        [chance / sum(chances) for chance in chances], abs=1e-9
    )


@given(tallies, st.integers(1, 6))
def test_the_next_round(history: list[Tally], width: int) -> None:
    chosen = noisy.next_to_probe(history, width)
    testable = [i for i, tally in enumerate(history) if not tally.untestable]
    assert len(chosen) == (width if len(testable) > 1 else 0)
    assert set(chosen) <= set(testable)
    assert chosen == noisy.next_to_probe(history, width)


@given(st.lists(st.builds(Tally, st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=6))
def test_the_next_probe_leaves_the_least_doubt(history: list[Tally]) -> None:
    """Every probe tried with either answer: no other leaves less entropy on average."""

    def chances(tallies: Sequence[Tally]) -> noisy.Array:
        believed = noisy.posterior(tallies)
        return np.array([*believed.flips.values(), believed.no_flip])

    def entropy(p: noisy.Array) -> float:
        return float(-np.sum(p * np.log(np.maximum(p, 1e-300))))

    now, doubts = chances(history), []
    for i in range(len(history)):
        good, bad = ([*history[:i], history[i] + one, *history[i + 1 :]] for one in
                     (Tally(good=1), Tally(bad=1)))  # fmt: skip
        if_good, if_bad = chances(good), chances(bad)
        # What is believed now is the average over the answers, and that tells how likely they are.
        change = if_bad - if_good
        size = float(change @ change)
        fails = float((now - if_good) @ change) / size if size > 1e-18 else 0.5
        doubts.append(fails * entropy(if_bad) + (1 - fails) * entropy(if_good))
    chosen = noisy.next_to_probe(history, 1)[0]
    assert doubts[chosen] <= min(doubts) + 1e-6


@given(st.integers(1, 9), st.booleans(), st.integers(200, 3000))
def test_many_answers(after: int, to_bad: bool, count: int) -> None:
    """However many answers there are, nothing overflows."""
    sides = [Tally(good=count), Tally(good=count // 10, bad=count)]
    before, later = sides if to_bad else sides[::-1]
    found = noisy.answer([before] * after + [later] * (10 - after), confidence=0.999)
    assert found is not None
    assert found.flip == Flip(after - 1, after)
    assert found.to is (Verdict.BAD if to_bad else Verdict.GOOD)
