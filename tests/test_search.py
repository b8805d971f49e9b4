"""The search on histories that are made up: what it finds, and how few probes it takes."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.search import exact
from bisector.search.exact import Flip, Verdict

GOOD, BAD, SKIP = Verdict.GOOD, Verdict.BAD, Verdict.SKIP
LETTERS = {"g": GOOD, "b": BAD, "s": SKIP, ".": None}


def history(text: str) -> list[Verdict | None]:
    return [LETTERS[letter] for letter in text]


def run(
    truth: Sequence[Verdict], width: int, seed: int = 0, explore: int = exact.EXPLORE
) -> tuple[list[Verdict | None], int]:
    """Search a known history; answers come in any order.  Returns what is known, and the probes."""
    known: list[Verdict | None] = [None] * len(truth)
    running: list[int] = []
    order = random.Random(seed)
    probes = 0
    while True:
        wanted = exact.next_to_probe(known, width, running, explore)
        assert len(wanted) == len(set(wanted))
        assert not set(wanted) & set(running)
        assert all(known[i] is None for i in wanted)
        running += wanted
        probes += len(wanted)
        assert len(running) <= width
        if not running:
            return known, probes
        answered = running.pop(order.randrange(len(running)))
        known[answered] = truth[answered]
        useful = exact.worth_probing(known)
        running = [i for i in running if i in useful]


@st.composite
def one_flip(draw: st.DrawFn) -> list[Verdict]:
    """A history that changes once, with untestable releases anywhere."""
    before, after = draw(st.sampled_from([(GOOD, BAD), (BAD, GOOD)]))
    sizes = st.integers(1, 80)
    truth = [before] * draw(sizes) + [after] * draw(sizes)
    skips = draw(st.sets(st.integers(0, len(truth) - 1)))
    return [SKIP if i in skips else verdict for i, verdict in enumerate(truth)]


ENOUGH = 1000
"""Probes before a first difference is seen: with fewer, where untestable ones hide it is chance."""
verdicts = st.lists(st.sampled_from([GOOD, BAD, SKIP]), min_size=2, max_size=130)
widths = st.integers(1, 8)
seeds = st.integers(0, 10)


@given(one_flip(), widths, seeds)
def test_finds_the_one_flip(truth: list[Verdict], width: int, seed: int) -> None:
    known, _ = run(truth, width, seed, explore=1000)
    assert exact.flips(known) == exact.changes(truth)


@given(verdicts, widths, seeds)
def test_a_flip_it_names_is_one(truth: list[Verdict], width: int, seed: int) -> None:
    known, _ = run(truth, width, seed)
    assert all(verdict in (None, truth[i]) for i, verdict in enumerate(known))
    for flip in exact.flips(known):
        assert {truth[flip.before], truth[flip.after]} == {GOOD, BAD}
        assert all(truth[i] is SKIP for i in flip.between)
    assert exact.flips(known) == exact.changes(known)  # no difference is left unexplored


@given(verdicts, widths, seeds)
def test_without_a_limit_it_misses_no_flip_when_all_verdicts_agree_so_far(
    truth: list[Verdict], width: int, seed: int
) -> None:
    known, _ = run(truth, width, seed, explore=1000)
    assert bool(exact.flips(known)) == bool(exact.changes(truth))


@given(st.integers(2, 300), st.data(), widths, seeds)
def test_takes_no_more_probes_than_it_needs(
    n: int, data: st.DataObject, width: int, seed: int
) -> None:
    at = data.draw(st.integers(1, n - 1))
    _, probes = run([BAD] * at + [GOOD] * (n - at), width, seed)
    # Each answer at the least cuts off the smallest of width + 1 parts; one at a time it is
    # plain bisection.
    assert probes <= 2 + (math.ceil(math.log2(n)) + 1) * (1 if width == 1 else width)


def test_the_ends_come_first_and_the_middle_with_them() -> None:
    empty = history("." * 101)
    assert exact.next_to_probe(empty, 1) == [0]
    assert exact.next_to_probe(empty, 2) == [0, 100]
    assert exact.next_to_probe(empty, 3) == [0, 100, 50]


@pytest.mark.parametrize(
    ("known", "width", "running", "wanted"),
    [
        ("b.......g", 1, [], [4]),
        ("b.......g", 3, [], [2, 4, 6]),
        ("b.......g", 2, [4], [2]),  # cut where the running probe leaves the largest piece
        ("b.......g", 3, [2, 4, 6], []),
        ("b...s...g", 1, [], [5]),  # round the untestable one
        ("bsssg", 3, [], []),  # nothing left to ask
        ("b..g..b", 4, [], [1, 2, 4, 5]),  # two flips at once
        ("b.g", 8, [], [1]),
        (".......", 3, [0, 6], []),  # first the ends
        ("....g....g", 3, [0], [2, 3]),  # an end takes long: cut what is beside it in any case
        ("b..b......", 2, [9], [6]),
        ("s.....g", 1, [], [3]),  # an untestable end: half-way towards it
        ("s..s.bg", 1, [], [4]),
        ("ssssbgs", 4, [], []),
    ],
)
def test_what_it_asks_for_next(
    known: str, width: int, running: list[int], wanted: list[int]
) -> None:
    assert sorted(exact.next_to_probe(history(known), width, running)) == wanted


def test_same_at_both_ends_goes_from_coarse_to_fine_and_stops_at_its_limit() -> None:
    known, probes = run([GOOD] * 127, width=3, explore=16)
    assert probes == 16
    assert exact.widest_gap(known) <= 127 // 8
    assert exact.flips(known) == []


def test_same_at_both_ends_finds_an_episode_wider_than_the_gaps() -> None:
    known, _ = run([GOOD] * 50 + [BAD] * 20 + [GOOD] * 57, width=3)
    assert exact.flips(known) == [Flip(49, 50), Flip(69, 70)]


def test_nothing_testable_is_asked_to_the_last_release() -> None:
    known, probes = run([SKIP] * 40, width=3)
    assert probes == 40
    assert exact.flips(known) == []


def test_untestable_ends_cost_few_probes() -> None:
    known, probes = run([SKIP] * 84 + [GOOD] * 43, width=3)
    assert exact.tested(known)[0] == 84
    assert probes <= 35


def test_flips_among_untestable_releases_name_them() -> None:
    (flip,) = exact.flips(history("bbssgg"))
    assert flip == Flip(1, 4)
    assert [*flip.between] == [2, 3]


def test_probes_without_worth_are_told_from_the_others() -> None:
    assert exact.worth_probing(history("b...g...g")) == {1, 2, 3}


@given(one_flip(), widths, seeds, st.data())
def test_a_suspect_changes_no_answer(
    truth: list[Verdict], width: int, seed: int, data: st.DataObject
) -> None:
    guess = data.draw(st.integers(0, len(truth) - 1))
    known: list[Verdict | None] = [None] * len(truth)
    while wanted := exact.next_to_probe(known, width, (), ENOUGH, [guess]):
        assert len(wanted) <= width
        for i in wanted:
            assert known[i] is None
            known[i] = truth[i]
    assert exact.flips(known) == exact.flips(run(truth, width, seed, ENOUGH)[0])


def test_a_right_suspect_saves_probes() -> None:
    truth = [GOOD] * 90 + [BAD] * 37
    known: list[Verdict | None] = [None] * len(truth)
    made = 0
    while wanted := exact.next_to_probe(known, 2, suspects=[90]):
        made += len(wanted)
        for i in wanted:
            known[i] = truth[i]
    assert exact.flips(known) == [Flip(89, 90)]
    assert made == 4
