"""Cuts a line into parts of about the same work: the same parts on every machine."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def cut(work: Sequence[float], parts: int) -> list[list[int]]:
    """Return the places of each part, in order; a part may stay empty.

    The heaviest goes first, each to the part that has least so far (Graham's LPT rule: at most 4/3
    of the best; R. L. Graham, Bounds on multiprocessing timing anomalies, 1969).

    Args:
        work: what each place takes, in seconds or any other unit.
        parts: how many there are to be, at least one.
    """
    loads = [(0.0, part) for part in range(parts)]  # a heap as it stands
    found: list[list[int]] = [[] for _ in range(parts)]
    for place in sorted(range(len(work)), key=lambda i: (-work[i], i)):
        load, part = loads[0]
        heapq.heapreplace(loads, (load + work[place], part))
        found[part].append(place)
    return [sorted(places) for places in found]
