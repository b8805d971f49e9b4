"""Which cells of a grid to look at, so as to know all of it: knows nothing of what its axes are.

A lattice of cells is looked at first.  Where two neighbours in it differ, there is a border between
them, which is found by halving; where the four corners of a rectangle agree, what is inside is
taken to be the same.  So what lies between the lattice's cells is missed: a narrow island, or two
borders close to each other.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

Cell = tuple[int, int]
"""Row and column, from 0."""
V = TypeVar("V", bound=Hashable)
FEW = 5
"""An axis with no more points than that is looked at whole."""


@dataclass(frozen=True)
class Plan:
    """How dense the lattice is: every so many rows and columns, and the last of each."""

    rows: int
    columns: int
    every: tuple[int, int]

    @classmethod
    def of(cls, rows: int, columns: int, density: int = 8) -> Plan:
        """Plan for a grid; an axis with few points is looked at whole.

        Args:
            density: the distance of two cells of the lattice along the others.
        """
        return cls(rows, columns, (1 if rows <= FEW else density, 1 if columns <= FEW else density))

    def lines(self, axis: int) -> list[int]:
        """Return the rows (0) or columns (1) of the lattice."""
        last = (self.rows, self.columns)[axis] - 1
        return sorted({*range(0, last, self.every[axis]), last})


@dataclass(frozen=True)
class _Rectangle:
    """Part of a grid, with its border lines: rows top to bottom, columns left to right."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def corners(self) -> tuple[Cell, Cell, Cell, Cell]:
        return (
            (self.top, self.left), (self.top, self.right),
            (self.bottom, self.left), (self.bottom, self.right),
        )  # fmt: skip

    def halves(self, columns: bool) -> tuple[_Rectangle, _Rectangle]:
        """Cut it in the middle, between columns or between rows."""
        if columns:
            middle = (self.left + self.right) // 2
            return (_Rectangle(self.top, self.bottom, self.left, middle),
                    _Rectangle(self.top, self.bottom, middle, self.right))  # fmt: skip
        middle = (self.top + self.bottom) // 2
        return (_Rectangle(self.top, middle, self.left, self.right),
                _Rectangle(middle, self.bottom, self.left, self.right))  # fmt: skip


def next_to_probe(plan: Plan, known: Mapping[Cell, V]) -> list[Cell]:
    """Return the cells that are wanted now, each once; empty: the grid is known.

    What is wanted later may depend on them, but none of them becomes useless by the others.
    """
    wanted = dict[Cell, None]()
    for rectangle in _lattice(plan):
        wanted.update(dict.fromkeys(_missing(rectangle, known)))
    return list(wanted)


def filled(plan: Plan, known: Mapping[Cell, V]) -> dict[Cell, V]:
    """Return all that is known or inferred, by cell; of a grid that is not known yet, less."""
    found = dict[Cell, V]()
    for rectangle in _lattice(plan):
        for part in _settled(rectangle, known):
            for row in range(part.top, part.bottom + 1):
                for column in range(part.left, part.right + 1):
                    # Its corners agree, but for lines that lie side by side.
                    nearest = (part.bottom if row == part.bottom else part.top,
                               part.right if column == part.right else part.left)  # fmt: skip
                    found.setdefault((row, column), known[nearest])
    return {**found, **known}


def borders(plan: Plan, known: Mapping[Cell, V], row: int) -> list[int]:
    """Return the columns of a row before which what is known or inferred changes."""
    full = filled(plan, known)
    cells = [full.get((row, column)) for column in range(plan.columns)]
    return [i for i, (one, other) in enumerate(pairwise(cells), 1) if one != other]


def _lattice(plan: Plan) -> Iterator[_Rectangle]:
    for top, bottom in _pairs(plan.lines(0)):
        for left, right in _pairs(plan.lines(1)):
            yield _Rectangle(top, bottom, left, right)


def _pairs(lines: Sequence[int]) -> list[tuple[int, int]]:
    return list(pairwise(lines)) or [(lines[0], lines[0])]


def _missing(rectangle: _Rectangle, known: Mapping[Cell, V]) -> list[Cell]:
    missing = [cell for cell in rectangle.corners if cell not in known]
    if missing:
        return missing
    cut = _cut(rectangle, known)
    if cut is None:
        return []
    return [cell for half in rectangle.halves(cut) for cell in _missing(half, known)]


def _settled(rectangle: _Rectangle, known: Mapping[Cell, V]) -> Iterator[_Rectangle]:
    """The parts of a rectangle that are known to be of one kind, or in two lines side by side."""
    if any(cell not in known for cell in rectangle.corners):
        return
    cut = _cut(rectangle, known)
    if cut is None:
        yield rectangle
        return
    for half in rectangle.halves(cut):
        yield from _settled(half, known)


def _cut(rectangle: _Rectangle, known: Mapping[Cell, V]) -> bool | None:
    """Whether to halve the columns (else the rows); None: a border in it is found, or none seen."""
    a, b, c, d = (known[cell] for cell in rectangle.corners)
    wide, high = rectangle.right - rectangle.left, rectangle.bottom - rectangle.top
    across = wide if wide > 1 and (a != b or c != d) else 0
    along = high if high > 1 and (a != c or b != d) else 0
    if not across and not along:
        return None
    return across >= along
