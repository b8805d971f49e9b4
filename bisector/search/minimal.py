"""Which of many changes flip a verdict: a set that does, of which no part does.  Pure, no I/O.

Delta debugging (ddmin, Zeller and Hildebrandt 2002) over three-valued tests, after the guesses that
mostly hit: the first change alone, all but it, each other one alone.  All that is known is in a
table from sets to outcomes, and the search is run again over it from its beginning each time, as
far as it leads: so it has no state of its own, and goes on from any point.

That no change at all flips nothing, and that all of them do, is taken for known.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any, Generic, TypeVar

Change = TypeVar("Change", bound=Hashable)


class Outcome(Enum):
    """What a set of changes does."""

    FLIPPED = "flipped"
    SAME = "same"
    UNRESOLVED = "unresolved"
    """It does not run, or does a third thing: that says nothing for or against it."""


Known = Mapping[frozenset[Change], Outcome]


@dataclass(frozen=True)
class Found(Generic[Change]):
    """A set of changes that flips the verdict."""

    members: tuple[Change, ...]
    """In the order of all changes."""
    certified: bool
    """Whether each member was taken out, and the verdict then did not flip: 1-minimal."""
    welded: tuple[Change, ...] = ()
    """Those of them without which the others do not run: they can only move together."""


@dataclass(frozen=True)
class Wanted(Generic[Change]):
    """Sets to be tested next, the one that says most first; any number of them side by side."""

    sets: tuple[frozenset[Change], ...]


class _NeedError(Exception):
    def __init__(self, sets: Sequence[frozenset[Any]]) -> None:
        super().__init__()
        self.sets = sets


def search(
    changes: Sequence[Change],
    known: Known[Change],
    kin: Sequence[frozenset[Change]] = (),
) -> Found[Change] | Wanted[Change]:
    """Say what to test next, or what was found.

    Args:
        changes: all of them, the likelier ones first; the first is the one suspected most.
        known: what was tested.
        kin: sets that are likely to belong together, tried after single changes.
    """
    table = _Table(changes, known)
    try:
        members = table.minimal(table.likely(kin))
    except _NeedError as need:
        return Wanted(tuple(need.sets))
    return table.found(members)


def smallest(changes: Sequence[Change], known: Known[Change]) -> Found[Change]:
    """Return the smallest set that is known to flip, for when no more can be tested."""
    table = _Table(changes, known)
    flipping = [s for s, outcome in known.items() if outcome is Outcome.FLIPPED and s]
    return table.found(min([*flipping, frozenset(changes)], key=lambda s: (len(s), table.rank(s))))


class _Table(Generic[Change]):
    """What is known, asked in the order of the changes."""

    def __init__(self, changes: Sequence[Change], known: Known[Change]) -> None:
        self._changes, self._known = list(dict.fromkeys(changes)), known
        self._place = {change: i for i, change in enumerate(self._changes)}
        self._all = frozenset(self._changes)

    def rank(self, changes: Iterable[Change]) -> list[int]:
        """Where changes stand, to compare sets by."""
        return sorted(self._place[change] for change in changes)

    def outcome(self, changes: frozenset[Change]) -> Outcome | None:
        """What a set does, None while nobody knows."""
        if not changes:
            return Outcome.SAME
        return Outcome.FLIPPED if changes == self._all else self._known.get(changes)

    def first_flipped(self, sets: Iterable[frozenset[Change]]) -> frozenset[Change] | None:
        """The first that flips; the answer does not depend on which was tested first."""
        missing = []
        for one in dict.fromkeys(sets):
            outcome = self.outcome(one)
            if outcome is None:
                missing.append(one)
            elif outcome is Outcome.FLIPPED:
                if missing:
                    break
                return one
        if missing:
            raise _NeedError(missing)
        return None

    def likely(self, kin: Sequence[frozenset[Change]]) -> frozenset[Change]:
        """A set that flips, as small as the usual guesses find it."""
        if len(self._changes) < 2:
            return self._all
        suspect = frozenset(self._changes[:1])
        rest = self._all - suspect
        missing = [s for s in (rest, suspect) if self.outcome(s) is None]
        if missing:
            raise _NeedError(missing)
        if self.outcome(suspect) is Outcome.FLIPPED:
            return suspect
        singles = [frozenset([change]) for change in self._changes[1:]]
        groups = sorted((g for s in kin if len(g := s & rest) > 1), key=len)
        if self.outcome(rest) is Outcome.FLIPPED:
            guesses = [*singles, *groups]
            return self.first_flipped(guesses) or rest
        pairs = [suspect | s for s in (*singles, *groups)]
        # A pair is no part of a larger one that does not run; a single change may do it even where
        # all together, without the suspect, do not run.
        unresolved = self.outcome(rest) is Outcome.UNRESOLVED
        found = self.first_flipped(pairs)
        if found is None and unresolved:
            found = self.first_flipped([*singles, *groups])
        return found or self._all

    def minimal(self, start: frozenset[Change]) -> frozenset[Change]:
        """Reduce a set that flips to one of which no part flips that lacks one member."""
        current, parts = start, 2
        while len(current) > 1:
            pieces = self._split(current, parts)
            if (smaller := self.first_flipped(pieces)) is not None:
                current, parts = smaller, 2
            elif (smaller := self.first_flipped(current - piece for piece in pieces)) is not None:
                current, parts = smaller, max(parts - 1, 2)
            elif parts < len(current):
                parts = min(2 * parts, len(current))
            else:
                break
        return current

    def _split(self, changes: frozenset[Change], parts: int) -> list[frozenset[Change]]:
        ordered = [self._changes[i] for i in self.rank(changes)]
        size = len(ordered)
        edges = [size * n // parts for n in range(parts + 1)]
        return [frozenset(ordered[a:b]) for a, b in pairwise(edges)]

    def found(self, members: frozenset[Change]) -> Found[Change]:
        """Say of a set how far it is certain, and which members cannot be had alone."""
        ordered = tuple(self._changes[i] for i in self.rank(members))
        without = {change: self.outcome(members - {change}) for change in ordered}
        certified = not {None, Outcome.FLIPPED} & {*without.values()}
        needed = [c for c in ordered if without[c] is Outcome.UNRESOLVED]
        if needed and len(needed) < 2:  # whoever needs it belongs to it
            needed = [ordered[0], *needed] if ordered[0] not in needed else list(ordered)
        return Found(ordered, certified, tuple(needed))
