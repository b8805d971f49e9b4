"""Levels and steps: what is there is found where it is, and noise is not taken for it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from bisector.history import change_points

NOISE = 0.03


def noisy(level: Callable[[int], float], seed: int, count: int = 120) -> list[float | None]:
    rng = random.Random(seed)
    return [level(i) * (1 + rng.gauss(0, NOISE)) for i in range(count)]


@pytest.mark.parametrize("seed", range(5))
def test_a_level_in_the_middle(seed: int) -> None:
    found = change_points.find(noisy(lambda i: 1.5 if 40 <= i < 60 else 1.2, seed))
    assert [(step.before, step.after) for step in found.steps] == [(39, 40), (59, 60)]
    up, down = found.steps
    assert up.change == pytest.approx(0.25, abs=0.03)
    assert down.change == pytest.approx(-0.2, abs=0.03)
    assert found.noise == pytest.approx(NOISE, rel=0.4)
    assert [(first, last) for first, last, _ in found.medians] == [(0, 39), (40, 59), (60, 119)]


def test_noise_is_no_step() -> None:
    false = sum(len(change_points.find(noisy(lambda _: 1.2, seed)).steps) for seed in range(60))
    assert false <= 3


def test_small_ones_do_not_count() -> None:
    exact = [1.0] * 20 + [1.0 + change_points.LEAST / 2] * 20 + [1.0 + 2 * change_points.LEAST] * 20
    assert [step.after for step in change_points.find(exact).steps] == [40]


def test_outliers_are_no_level() -> None:
    series = noisy(lambda _: 1.2, seed=1)
    series[50] = series[80] = series[119] = 3.0
    assert not change_points.find(series).steps


def test_the_newest_releases_are() -> None:
    series = noisy(lambda i: 1.2 if i < 116 else 1.6, seed=2)
    assert [step.after for step in change_points.find(series).steps] == [116]


def test_gaps() -> None:
    """Releases without a value, or with 0, belong to no level; indices are those of the series."""
    series = noisy(lambda i: 1.2 if i < 30 else 1.8, seed=3, count=60)
    series[0] = series[29] = series[30] = None
    series[31] = 0.0
    found = change_points.find(series)
    assert [(step.before, step.after) for step in found.steps] == [(28, 32)]
    assert found.medians[0][0] == 1


@pytest.mark.parametrize("series", [[], [None, None], [1.0], [1.0, 2.0], [1.0] * 5])
def test_few(series: list[float | None]) -> None:
    assert not change_points.find(series).steps
