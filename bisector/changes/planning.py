"""Which situations are run, in which order.  Pure, and the same for the same seed.

First every choice by itself; then choices of several dimensions together, in covering arrays: of
each group of dimensions every two choices meet in some situation; then groups are drawn anew.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest

from allpairspy import AllPairs

from bisector.changes.grammar import Choice, Dimension
from bisector.changes.situations import Situation

GROUP = 5
"""Dimensions that are varied together: more of them, and one that fails hides the others."""


def singles(dimensions: Sequence[Dimension]) -> list[Situation]:
    """Return nothing special, then every choice by itself; the dimensions in turns."""
    turns = zip_longest(*(d.choices for d in dimensions))
    choices = [choice for turn in turns for choice in turn if choice is not None]
    return [Situation.of(), *(Situation.of([choice]) for choice in choices)]


def together(
    dimensions: Sequence[Dimension], out: Collection[Choice], seed: int
) -> Iterator[Situation]:
    """Yield situations of several choices, without end while there are any.

    Args:
        out: choices that are left out, because a release does not offer them; may grow.
    """
    drawn = random.Random(seed)
    seen: set[Situation] = set()
    while True:
        order = list(dimensions)
        drawn.shuffle(order)
        groups = [order[i : i + GROUP] for i in range(0, len(order), GROUP)]
        arrays = [_array(group, out, drawn) for group in groups]
        fresh = False
        while arrays:
            for array in list(arrays):
                situation = next(array, None)
                if situation is None:
                    arrays.remove(array)
                elif situation not in seen and len(situation.choices) > 1 and written(situation):
                    seen.add(situation)
                    fresh = True
                    yield situation
        if not fresh:
            return


def _array(
    group: Sequence[Dimension], out: Collection[Choice], drawn: random.Random
) -> Iterator[Situation]:
    """Yield situations in which every two choices of two dimensions of a group meet."""
    rows: list[list[Choice | None]] = []
    for dimension in group:
        choices: list[Choice | None] = [c for c in dimension.choices if c not in out]
        drawn.shuffle(choices)
        rows.append([*choices, None])  # the default
    rows = [row for row in rows if len(row) > 1]
    if len(rows) > 1:
        for row in AllPairs(rows):
            yield Situation.of(c for c in row if c is not None and c not in out)


def written(situation: Situation) -> bool:
    """Whether its choices go together: a keyword that is given twice is no program."""
    try:
        ast.parse(situation.text)
    except SyntaxError:
        return False
    return True
