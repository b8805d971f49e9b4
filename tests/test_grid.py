"""The search in a grid: it finds borders, says what it did not look at, and asks little."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisector.search.grid import Cell, Plan, borders, filled, next_to_probe

Truth = Callable[[Cell], str]


def search(plan: Plan, truth: Truth) -> dict[Cell, str]:
    """Ask until nothing is wanted any more."""
    known = dict[Cell, str]()
    while wanted := next_to_probe(plan, known):
        assert not {*wanted} & {*known}
        assert len({*wanted}) == len(wanted)
        known.update({cell: truth(cell) for cell in wanted})
    return known


@st.composite
def staircases(draw: st.DrawFn) -> tuple[Plan, Truth]:
    """A grid with a border that only goes one way: what is right of it is good."""
    rows, columns = draw(st.integers(1, 12)), draw(st.integers(1, 40))
    steps = draw(st.lists(st.integers(0, columns), min_size=rows, max_size=rows).map(sorted))
    return Plan.of(rows, columns), lambda c: "good" if c[1] >= steps[c[0]] else "bad"


@settings(max_examples=25)
@given(staircases())
def test_a_lattice_cell_is_never_wrong_and_all_is_told(grid: tuple[Plan, Truth]) -> None:
    plan, truth = grid
    known = search(plan, truth)
    full = filled(plan, known)
    assert {*full} == {(r, c) for r in range(plan.rows) for c in range(plan.columns)}
    assert all(full[cell] == truth(cell) for cell in known)
    for row in plan.lines(0):  # on the lattice's rows one border is found wherever it lies
        assert all(full[row, c] == truth((row, c)) for c in range(plan.columns))


@settings(max_examples=25)
@given(st.integers(1, 126), st.integers(0, 3))
def test_a_straight_border_is_found_whole(column: int, row: int) -> None:
    def truth(cell: Cell) -> str:
        return "bad" if cell[1] < column and cell[0] >= row else "good"

    plan = Plan.of(4, 127)
    known = search(plan, truth)
    full = filled(plan, known)
    assert all(full[cell] == truth(cell) for cell in full)
    assert borders(plan, known, 3) == [column]
    assert len(known) < 508 / 4


def test_what_is_inferred_is_not_said_to_be_known() -> None:
    plan = Plan.of(20, 20)
    known = search(plan, lambda _cell: "good")
    assert len(known) == 16
    assert len(filled(plan, known)) == 400


Border = tuple[bool, int, int]
"""Whether it goes through whole rows, its row, its column: inside of it, all is the other way."""


def grid_of(rng: random.Random, rows: int, columns: int) -> tuple[Truth, list[Border], set[Cell]]:
    """Up to three borders, and at times an island."""
    kinds = [
        (rng.random() < 0.5, rng.randrange(1, rows), rng.randrange(1, columns))
        for _ in range(rng.randint(1, 3))
    ]
    high, wide = rng.randint(1, 12), rng.randint(1, 12)
    top, left = rng.randrange(rows - high), rng.randrange(columns - wide)
    island = {(top + r, left + c) for r in range(high) for c in range(wide)}
    if rng.random() < 0.5:
        island = set()

    def truth(cell: Cell) -> str:
        inside = (cell[0] >= row and (whole or cell[1] < column) for whole, row, column in kinds)
        return str((sum(inside) + (cell in island)) % 2)

    return truth, kinds, island


def apart(kinds: list[Border], least: int) -> bool:
    """Whether no two borders are so near to each other that both can lie inside the lattice."""
    lines = [(row, column) for _, row, column in kinds]
    return all(
        abs(a[axis] - b[axis]) > least
        for i, a in enumerate(lines) for b in lines[:i] for axis in (0, 1)
    )  # fmt: skip


def test_simulation(capsys: pytest.CaptureFixture[str]) -> None:
    rng, rows, columns, grids = random.Random(14), 60, 127, 40
    plan = Plan.of(rows, columns)
    probed, tally = list[int](), Counter[str]()
    for _ in range(grids):
        truth, kinds, island = grid_of(rng, rows, columns)
        known = search(plan, truth)
        probed.append(len(known))
        missed = any(cell != truth(at) for at, cell in filled(plan, known).items())
        if island:
            narrow = min(len({cell[axis] for cell in island}) for axis in (0, 1)) < plan.every[0]
            kind = "narrow island" if narrow else "wide island"
            missed = not island & {*known}
        else:
            kind = "borders apart" if apart(kinds, plan.every[0]) else "borders close"
        tally.update({kind: 1, f"{kind}, missed": missed})
    told = [f"{kind} {tally[f'{kind}, missed']} of {tally[kind]}" for kind in list(tally)
            if not kind.endswith("missed")]  # fmt: skip
    with capsys.disabled():
        print(
            f"\n{grids} grids of {rows * columns} cells: {sum(probed) / grids:.0f} probed on"
            f" average, {max(probed)} at most; missed: {', '.join(told)}"
        )
    assert tally["wide island"]
    assert not tally["wide island, missed"]
    assert tally["borders apart"]
    assert not tally["borders apart, missed"]
    assert max(probed) < rows * columns / 6
