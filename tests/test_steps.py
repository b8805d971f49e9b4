"""The search for steps of a cost, on histories that are known and figures with made-up noise."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bisector.search import simulated
from bisector.search.rounds import conclude, next_round
from bisector.search.steps import Aim, Round, believe

POINTS = 127
AIM = Aim()


def found(shape: str, change: float, seed: int, noise: float = 0.017) -> bool:
    """Whether exactly the steps that are there are placed, in at most 150 figures."""
    chance = random.Random(seed)
    change = math.log1p(change) * chance.choice([-1, 1])
    history = simulated.SHAPES[shape](POINTS, change, chance)
    answer = simulated.search(history, AIM, seed, noise=noise, most=152)
    return answer.steps == history.steps


@pytest.mark.parametrize("shape", ["one", "undone", "newest", "second", "untestable"])
def test_a_step_of_ten_percent_is_placed(shape: str) -> None:
    assert sum(found(shape, 0.10, seed) for seed in range(3)) >= 3


def test_a_step_of_twenty_percent_is_placed_in_spite_of_twice_the_noise() -> None:
    assert all(found("one", 0.20, seed, noise=0.034) for seed in range(2))


def test_noise_that_is_larger_than_expected_is_not_taken_for_levels() -> None:
    for seed in (0, 21):
        history = simulated.one(POINTS, math.log1p(0.2), random.Random(seed))
        assert simulated.search(history, AIM, seed, noise=0.08, most=400).steps == history.steps


def test_most_steps_of_five_percent_are_placed() -> None:
    assert sum(found("one", 0.05, seed) for seed in range(6)) >= 5


@pytest.mark.parametrize("seed", [0, 3, 13, 24, 27])
def test_a_step_that_looks_like_a_drift_at_first_is_followed_up(seed: int) -> None:
    chance = random.Random(seed)
    history = simulated.one(POINTS, AIM.least * chance.choice([-1, 1]), chance)
    assert simulated.search(history, AIM, seed, noise=0.021, most=400).steps == history.steps


def test_a_step_that_is_placed_is_not_followed_up_for_ever() -> None:
    for seed in range(3):
        chance = random.Random(seed)
        history = simulated.one(POINTS, math.log1p(0.2) * chance.choice([-1, 1]), chance)
        wandering = np.cumsum(np.random.default_rng(seed).normal(0, 0.002, POINTS))
        history = replace(history, levels=history.levels + wandering)
        found = simulated.search(history, AIM, seed, noise=0.021, most=400)
        assert found.steps == history.steps
        assert found.figures < 150


@pytest.mark.parametrize("noise", [0.003, 0.017, 0.035])
def test_nothing_is_found_where_nothing_is(noise: float) -> None:
    for seed in range(2):
        history = simulated.nothing(POINTS, 0.0, random.Random(seed))
        answer = simulated.search(history, AIM, seed, noise=noise).answer
        assert not answer.steps
        assert not answer.rests


def test_a_drift_is_called_drift_and_not_forced_into_a_step() -> None:
    for seed in range(2):
        history = simulated.drift(POINTS, math.log1p(0.10), random.Random(seed))
        answer = simulated.search(history, AIM, seed).answer
        assert not answer.steps
        assert [rest.drift for rest in answer.rests] == [True]
        assert 0.05 < answer.rests[0].change < 0.15


def test_what_the_budget_does_not_place_is_told_with_its_stretch() -> None:
    history = simulated.one(POINTS, math.log1p(0.10), random.Random(4))
    (step,) = history.steps
    answer = simulated.search(history, AIM, 1, most=24).answer
    assert not answer.steps
    (rest,) = answer.rests
    assert rest.first < step <= rest.last
    assert answer.unseen > AIM.gap


@example([True] * 3 + [False] * 9 + [True], [[(0, 0.0), (12, 0.0)]], 4)  # few points are left
@given(
    st.lists(st.booleans(), min_size=1, max_size=30),
    st.lists(st.lists(st.tuples(st.integers(0, 29), st.floats(-1, 1)), max_size=6), max_size=4),
    st.integers(3, 9),
)
@settings(max_examples=60)
def test_whatever_was_measured_it_goes_on_with_points_that_can_be(
    testable: list[bool], measured: list[list[tuple[int, float]]], width: int
) -> None:
    rounds = [
        Round(tuple(i for i, _ in one if i < len(testable)),
              tuple(y for i, y in one if i < len(testable)))
        for one in measured
    ]  # fmt: skip
    belief = believe(testable, rounds, AIM)
    wanted = next_round(belief, width, AIM)
    assert len(wanted) in (0, width, width - width % 2)
    assert all(testable[i] for i in wanted)
    for step in conclude(belief, AIM).steps:
        assert not any(testable[step.before + 1 : step.after])


def test_the_offsets_of_rounds_change_nothing() -> None:
    chance, levels = np.random.default_rng(1), np.array([0, 0, 0.1, 0.1])
    rounds = [
        Round((0, 3, 6, 9), tuple((chance.normal(0, 0.02, 4) + levels).tolist())) for _ in range(6)
    ]
    moved = [Round(r.points, tuple(y + 5 * i for y in r.logs)) for i, r in enumerate(rounds)]
    one, other = (believe([True] * 10, taken, AIM) for taken in (rounds, moved))
    assert [e.change for e in one.effects] == pytest.approx([e.change for e in other.effects])
    assert one.effects[0].exists > 0.99
    change, spread = one.ends
    assert abs(change - 0.1) < 4 * spread


def test_a_wild_figure_loses_its_weight() -> None:
    chance = np.random.default_rng(2)
    rounds = [Round((0, 1, 2, 3), tuple(chance.normal(0, 0.01, 4).tolist())) for _ in range(8)]
    rounds[3] = Round(rounds[3].points, (0.0, 0.0, 0.4, 0.0))
    belief = believe([True] * 4, rounds, AIM)
    assert not conclude(belief, AIM).steps
    assert belief.noise < 0.05
