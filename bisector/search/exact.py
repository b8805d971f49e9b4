"""The search: which releases to probe next, and which flips the answers show.  Pure, no I/O.

A history is a list with one entry for each release, in order: its verdict, or None while it has
none.  All that is known is in that list, so the search has no state of its own and goes on from any
point: an interrupted run, a history with gaps, a verdict that was taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

EXPLORE = 16
"""How many releases may be probed before a first difference between two of them is seen."""


class Verdict(str, Enum):
    """What a probe says of a release; `skip`: it cannot be tested, and why is not its fault."""

    GOOD = "good"
    BAD = "bad"
    SKIP = "skip"


History = Sequence[Verdict | None]


@dataclass(frozen=True)
class Flip:
    """Two nearest tested releases that differ, as indices into the history."""

    before: int
    after: int

    @property
    def between(self) -> range:
        """The releases between them."""
        return range(self.before + 1, self.after)


def tested(history: History) -> list[int]:
    """Indices of the releases that have a verdict good or bad."""
    return [i for i, verdict in enumerate(history) if verdict in (Verdict.GOOD, Verdict.BAD)]


def changes(history: History) -> list[Flip]:
    """Return all pairs of nearest tested releases that differ, also where others lie between."""
    return [Flip(a, b) for a, b in pairwise(tested(history)) if history[a] != history[b]]


def flips(history: History) -> list[Flip]:
    """Return the changes with nothing left to probe inside: only untestable releases, or none."""
    return [f for f in changes(history) if all(history[i] is not None for i in f.between)]


def next_to_probe(
    history: History,
    width: int,
    running: Collection[int] = (),
    explore: int = EXPLORE,
    suspects: Collection[int] = (),
) -> list[int]:
    """Choose the releases whose verdicts would say most; empty when there is nothing to ask now.

    Both ends come first; what room is left goes to the middle.  Then every stretch between two
    tested releases that differ is cut into equal parts.  While no two differ, the largest gaps are
    cut, coarse to fine.  Untestable releases are stepped round: only those without a verdict are
    asked for.

    Args:
        width: how many releases are probed side by side, at least 1.
        running: releases being probed right now; at most `width - len(running)` are chosen.
        explore: how many releases may be probed before a first difference is seen.
        suspects: releases that somebody believes to be the first with another verdict; they, and
            those before them, are asked next after the ends.  A right guess saves probes, a wrong
            one costs two and changes no answer.
    """
    ends, stretches = _open(history, explore)
    open_ = {*ends, *(i for stretch in stretches for i in stretch)}
    ends += [i for s in suspects for i in (s, s - 1) if i in open_ and i not in ends]
    if pending := {i for i in (0, len(history) - 1) if history[i] is None and i in running}:
        # An end that takes long, as a hang does, decides where to go on. Beside it is worth a look
        # in any case; anywhere else would be a guess.
        seen = tested(history)
        stretches = [s for s in stretches if seen and pending & {s[0], s[-1]}]
    room = width - len(running)
    chosen = [i for i in ends if i not in running][:room]
    room -= len(chosen)
    if not changes(history) and tested(history):
        room = min(room, explore - _probed(history) - len(running))
    pieces = [piece for stretch in stretches for piece in _split(stretch, {*running, *chosen})]
    shares = [0] * len(pieces)
    for _ in range(room):
        # One more cut where the parts are still the largest.
        sizes = [_part(s, n) for s, n in zip(pieces, shares, strict=True)]
        if not any(sizes):
            break
        shares[sizes.index(max(sizes))] += 1
    return chosen + [i for s, n in zip(pieces, shares, strict=True) for i in _cuts(s, n)]


def worth_probing(history: History, explore: int = EXPLORE) -> set[int]:
    """Return all releases whose verdict would still say something."""
    ends, stretches = _open(history, explore)
    return {*ends, *(i for stretch in stretches for i in stretch)}


def widest_gap(history: History) -> int:
    """How many releases without a verdict lie side by side at most."""
    return max((len(gap) for gap in _gaps(history)), default=0)


def _open(history: History, explore: int) -> tuple[list[int], list[list[int]]]:
    """What is left to ask: releases towards the ends, and stretches to cut."""
    ends = _towards_ends(history)
    if None not in (history[0], history[-1]):
        if found := changes(history):
            between = [[i for i in flip.between if history[i] is None] for flip in found]
            return ends, [stretch for stretch in between if stretch]
        if tested(history) and _probed(history) >= explore:
            return ends, []
    return ends, _gaps(history)


def _probed(history: History) -> int:
    return sum(verdict is not None for verdict in history)


def _gaps(history: History) -> list[list[int]]:
    """Runs of releases without a verdict."""
    marks = [i for i, verdict in enumerate(history) if verdict is not None]
    edges = pairwise([-1, *marks, len(history)])
    return [list(range(a + 1, b)) for a, b in edges if b - a > 1]


def _towards_ends(history: History) -> list[int]:
    """The ends, while they have no verdict; where an end is untestable, half-way towards it."""
    last = len(history) - 1
    wanted = [end for end in (0, last) if history[end] is None]
    if inside := tested(history):
        # Releases are untestable up to one, or from one on: look between it and the tested ones.
        below = [*range(inside[0])]
        above = [*range(last, inside[-1], -1)]
        for outside in (below, above):
            skips = [n for n, i in enumerate(outside) if history[i] is Verdict.SKIP]
            if skips and skips[0] == 0:
                left = outside[skips[-1] + 1 :]  # all of them without a verdict
                wanted += left[len(left) // 2 :][:1]
    return wanted


def _split(stretch: list[int], running: Collection[int]) -> list[list[int]]:
    """The pieces that a stretch will be in once the running probes have answered."""
    pieces: list[list[int]] = [[]]
    for i in stretch:
        if i in running:
            pieces.append([])
        else:
            pieces[-1].append(i)
    return [piece for piece in pieces if piece]


def _part(stretch: list[int], cuts: int) -> float:
    return len(stretch) / (cuts + 1) if cuts < len(stretch) else 0.0


def _cuts(stretch: list[int], count: int) -> list[int]:
    """`count` of the stretch's releases, that cut it into equal parts."""
    if count >= len(stretch):
        return list(stretch)
    return [stretch[(j + 1) * len(stretch) // (count + 1)] for j in range(count)]
