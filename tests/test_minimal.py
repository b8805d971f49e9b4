"""Which changes flip a verdict, in made-up worlds: what is found, and in how many tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisector.search import minimal
from bisector.search.minimal import Found, Outcome, Wanted

FLIPPED, SAME, UNRESOLVED = Outcome.FLIPPED, Outcome.SAME, Outcome.UNRESOLVED
World = Callable[[frozenset[str]], Outcome]


def run(
    changes: Sequence[str],
    world: World,
    *,
    width: int = 1,
    seed: int = 0,
    kin: Sequence[frozenset[str]] = (),
    most: int = 10_000,
) -> tuple[Found[str], dict[frozenset[str], Outcome]]:
    """Search a known world; answers come in any order.  Returns what was found, and was tested."""
    known: dict[frozenset[str], Outcome] = {}
    running: list[frozenset[str]] = []
    order = random.Random(seed)
    while len(known) < most:
        now = minimal.search(changes, known, kin)
        if isinstance(now, Found):
            return now, known
        assert isinstance(now, Wanted)
        assert now.sets
        assert not {*now.sets} & {*known}
        running = [s for s in running if s in now.sets]
        running += [s for s in now.sets if s not in running][: width - len(running)]
        answered = running.pop(order.randrange(len(running)))
        known[answered] = world(answered)
    return minimal.smallest(changes, known), known


def needs(*sets: str, welds: Sequence[str] = ()) -> World:
    """A world that flips where all of one of `sets` are; of `welds` all or none run."""

    def world(changes: frozenset[str]) -> Outcome:
        if any(0 < len(changes & {*weld}) < len(weld) for weld in welds):
            return UNRESOLVED
        return FLIPPED if any({*wanted} <= changes for wanted in sets) else SAME

    return world


@pytest.mark.parametrize(
    ("changes", "world", "members", "welded", "most"),
    [
        ("a", needs("a"), "a", "", 0),  # one change: nothing to ask
        ("abcdef", needs("a"), "a", "", 2),  # the suspect alone, and all without it
        ("abcdef", needs("b"), "b", "", 3),
        ("abcdef", needs("f"), "f", "", 7),
        ("abcdef", needs("ad"), "ad", "", 8),  # only together with the suspect
        ("abcdef", needs("ce"), "ce", "", 16),  # two of the others, only together
        ("abcdef", needs("a", welds=["ac"]), "ac", "ac", 6),  # the suspect does not run alone
        ("abcdef", needs("c", welds=["cd"]), "cd", "cd", 16),
        ("abcdef", needs("b", welds=["ac"]), "b", "", 9),  # others are welded, and innocent
        ("abcdefgh", needs("bdfh"), "bdfh", "", 40),
        ("abcdef", needs("a", "d"), "a", "", 2),  # either alone: the more suspected one
    ],
)
def test_what_is_found(changes: str, world: World, members: str, welded: str, most: int) -> None:
    found, known = run(changes, world)
    assert found == Found(tuple(members), True, tuple(welded))
    assert len(known) <= most


def test_what_runs_alone_does_not_count_as_welded_with_what_does_not() -> None:
    def world(changes: frozenset[str]) -> Outcome:
        if "a" in changes and "c" not in changes:  # a needs c; c does without a
            return UNRESOLVED
        return FLIPPED if "a" in changes else SAME

    found, _ = run("abc", world)
    assert found == Found(("a", "c"), True, ("a", "c"))


def test_kin_are_tried_together() -> None:
    world = needs("cdef")
    kin = [frozenset("cdef"), frozenset("b")]
    assert run("abcdefgh", world, kin=kin)[0] == run("abcdefgh", world)[0]
    assert len(run("abcdefgh", world, kin=kin)[1]) < len(run("abcdefgh", world)[1])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[str, World]:
    changes = "abcdefghij"[: draw(st.integers(1, 10))]
    some = st.sets(st.sampled_from(changes), min_size=1, max_size=3).map("".join)
    return changes, needs(
        *draw(st.lists(some, min_size=1, max_size=3)),
        welds=draw(st.lists(some, max_size=2)),
    )


@given(worlds(), st.integers(1, 6), st.integers(0, 5), st.data())
def test_the_set_flips_and_no_part_that_lacks_one_does(
    made: tuple[str, World], width: int, seed: int, data: st.DataObject
) -> None:
    changes, world = made
    kin = data.draw(st.lists(st.frozensets(st.sampled_from(changes)), max_size=3))
    found, known = run(changes, world, width=width, seed=seed, kin=kin)
    members = frozenset(found.members)
    assert found.certified
    assert members == {*changes} or known[members] is FLIPPED
    for one in members:
        rest = members - {one}
        assert not rest or known[rest] is not FLIPPED
    stuck = {one for one in members if known.get(members - {one}) is UNRESOLVED}
    assert stuck <= {*found.welded} <= members
    assert bool(stuck) == bool(found.welded)


@given(worlds(), st.integers(2, 6), st.integers(0, 5))
def test_the_answer_does_not_depend_on_what_answers_first(
    made: tuple[str, World], width: int, seed: int
) -> None:
    assert run(*made, width=width, seed=seed)[0] == run(*made)[0]


@given(worlds(), st.integers(0, 8))
def test_out_of_budget_the_smallest_set_so_far_is_named(made: tuple[str, World], most: int) -> None:
    changes, world = made
    found, known = run(changes, world, most=most)
    members = frozenset(found.members)
    assert members == {*changes} or known[members] is FLIPPED
    without = [known.get(members - {one}) for one in members if members - {one}]
    assert found.certified == (not {None, FLIPPED} & {*without})
