"""The rule of the check, on made-up rounds: what it calls worse, and how often wrongly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.check import rule
from bisector.check.result import Judgement

BENCHMARKS = 11
TESTS = BENCHMARKS * len(rule.LOOKS)


def rounds(change: float, spread: float, count: int, seed: int = 1) -> list[tuple[float, float]]:
    """Made-up rounds of a candidate that is slower by `change`."""
    noise = np.random.default_rng(seed).normal(0, spread / 2**0.5, (count, 2))
    return [(float(np.exp(a)), float((1 + change) * np.exp(b))) for a, b in noise]


def whole_run(change: float, spread: float, seed: int, others: float = 0.0) -> list[Judgement]:
    """All benchmarks, looked at as the check does; the first one changes, and all `others`."""
    taken = [
        rounds(change if i == 0 else others, spread, rule.LOOKS[-1], seed * BENCHMARKS + i)
        for i in range(BENCHMARKS)
    ]
    for look in rule.LOOKS:
        found = [rule.judge(pairs[:look], TESTS).judgement for pairs in taken]
        if Judgement.CANNOT_TELL not in found:
            break
    return found


@pytest.mark.parametrize(
    ("change", "spread", "count", "judged"),
    [
        (0.0, 0.02, 9, Judgement.NO_WORSE),
        (0.10, 0.02, 9, Judgement.WORSE),
        (-0.10, 0.02, 9, Judgement.NO_WORSE),
        (0.0, 0.50, 9, Judgement.CANNOT_TELL),
        (0.10, 0.50, 9, Judgement.CANNOT_TELL),
        (0.01, 0.001, 16, Judgement.NO_WORSE),  # there, and certain, but it matters to nobody
        (0.03, 0.001, 16, Judgement.WORSE),
    ],
)
def test_judges(change: float, spread: float, count: int, judged: Judgement) -> None:
    found = rule.judge(rounds(change, spread, count), TESTS)
    assert found.judgement is judged
    assert found.low <= found.change <= found.high


@given(st.floats(0.5, 2), st.floats(1e-6, 1e6), st.integers(0, 1000))
def test_units_do_not_matter(change: float, scale: float, seed: int) -> None:
    pairs = rounds(change - 1, 0.03, 9, seed)
    scaled = [(a * scale, b * scale) for a, b in pairs]
    found, other = rule.judge(pairs, TESTS), rule.judge(scaled, TESTS)
    assert found.change == pytest.approx(other.change)
    assert found.judgement is other.judgement


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_the_more_is_tested_the_more_certain_it_has_to_be(seed: int, tests: int) -> None:
    pairs = rounds(0.05, 0.03, 9, seed)
    assert rule.judge(pairs, tests + 1).low < rule.judge(pairs, tests).low


@pytest.mark.parametrize("change", [0.0, rule.MATTERS])
def test_of_whole_runs_with_nothing_to_find_one_in_a_hundred_at_most_cries_wolf(
    change: float,
) -> None:
    """Also where all benchmarks are as much worse as does not matter."""
    alarms = sum(
        Judgement.WORSE in whole_run(change, 0.05, seed, others=change) for seed in range(1000)
    )
    print(f"\n{alarms} false alarms in 1000 made-up whole runs at {change:+.0%}")
    assert alarms <= 10


def test_of_made_up_regressions_of_ten_percent_it_finds_nearly_all() -> None:
    found = sum(whole_run(0.10, 0.04, seed)[0] is Judgement.WORSE for seed in range(200))
    print(f"\n{found} of 200 found")
    assert found >= 190


def test_says_what_it_could_have_seen() -> None:
    noisy, quiet = (rule.judge(rounds(0, spread, 16), TESTS) for spread in (0.10, 0.01))
    assert quiet.smallest < 0.05 < noisy.smallest
    # A change of that size is found as often as promised.
    seen = np.median([rule.judge(rounds(0, 0.01, 16, n), TESTS).smallest for n in range(200)])
    found = [
        rule.judge(rounds(float(seen), 0.01, 16, n), TESTS).judgement is Judgement.WORSE
        for n in range(400)
    ]
    assert 0.90 < np.mean(found) < 0.99
