"""Which situations are run, in which order.  Pure, and the same for the same seed.

First every choice by itself; then with each of a few others that much goes through; then choices of
several dimensions together, in covering arrays: of each group of dimensions every two choices meet
in some situation.  The first groups are of dimensions that have to do with each other, the later
ones are drawn.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import zip_longest

from allpairspy import AllPairs

from bisector.changes.grammar import TEXTS, Choice, Dimension
from bisector.changes.situations import Situation

Key = Callable[[Sequence[Choice]], float]
"""Less is earlier."""
GROUP = 5
"""Dimensions that are varied together: more of them, and one that fails hides the others."""


def singles(dimensions: Sequence[Dimension], key: Key | None = None) -> list[Situation]:
    """Return nothing special, then every choice by itself; the dimensions in turns.

    Args:
        key: sorts them instead.
    """
    turns = zip_longest(*(d.choices for d in dimensions))
    choices = [choice for turn in turns for choice in turn if choice is not None]
    if key:
        choices.sort(key=lambda choice: key([choice]))
    return [Situation.of(), *(Situation.of([choice]) for choice in choices)]


def crossed(
    dimensions: Sequence[Dimension],
    hubs: Sequence[str],
    out: Collection[Choice],
    key: Key | None = None,
) -> Iterator[Situation]:
    """Yield every choice together with each of the hubs, the hubs in turns.

    Args:
        out: choices that are left out, because a release does not offer them; may grow.
        key: sorts the choices.
    """
    choices = [c for s in singles(dimensions, key) for c in s.choices]
    centres = [c for name in hubs for c in choices if c.id == name]
    for choice in choices:
        for hub in centres:
            situation = Situation.of([hub, choice])
            if len(situation.choices) == 2 and not {hub, choice} & {*out} and written(situation):
                yield situation


def in_turns(*plans: Iterator[Situation]) -> Iterator[Situation]:
    """Yield from each in its turn, until all are at their end."""
    turns = zip_longest(*plans)
    return (situation for turn in turns for situation in turn if situation is not None)


def together(
    dimensions: Sequence[Dimension],
    out: Collection[Choice],
    seed: int,
    kin: Sequence[Sequence[str]] = (),
    key: Key | None = None,
) -> Iterator[Situation]:
    """Yield situations of several choices, without end while there are any.

    Args:
        out: choices that are left out, because a release does not offer them; may grow.
        kin: names of dimensions that are varied together first.
        key: sorts the kin, by all their choices.
    """
    drawn = random.Random(seed)
    seen: set[Situation] = set()
    groups = [[d for d in dimensions if d.name in names] for names in kin]
    if key:
        groups.sort(key=lambda group: key([c for d in group for c in d.choices]))
    while True:
        arrays = [_array(group, out, drawn) for group in groups if len(group) > 1]
        fresh = not seen
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
        order = list(dimensions)
        drawn.shuffle(order)
        groups = [order[i : i + GROUP] for i in range(0, len(order), GROUP)]


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
    """Whether its choices go together: none takes the place of another, and it is Python."""
    texts = [
        (slot, values) for c in situation.choices for slot, values in c.slots.items()
        if slot in TEXTS
    ]  # fmt: skip
    if len(set(texts)) > len({slot for slot, _ in texts}):
        return False
    try:
        ast.parse(situation.text)
    except SyntaxError:  # a keyword that is given twice
        return False
    return True
