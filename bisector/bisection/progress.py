"""What is known so far of a bisection that still runs, in a line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from bisector.environments.releases import Release
from bisector.search import exact
from bisector.search.exact import Verdict

if TYPE_CHECKING:
    from bisector.search import noisy


def describe(releases: Sequence[Release], history: Sequence[Verdict | None]) -> str:
    """Say in a line what a history shows so far."""
    seen = exact.tested(history)
    if not seen:
        return f"{len(releases)} releases, {releases[0].version} to {releases[-1].version}"
    changes = [(a, b) for a, b in pairwise(seen) if history[a] != history[b]]
    if not changes:
        verdict = history[seen[0]]
        assert verdict is not None
        return (
            f"{verdict.value} at all {len(seen)} releases tested,"
            f" up to {exact.widest_gap(history)} side by side not looked at"
        )
    parts = []
    for a, b in changes:
        left = sum(history[i] is None for i in range(a + 1, b))
        from_, to = history[a], history[b]
        assert from_ is not None
        assert to is not None
        parts.append(
            f"{releases[a].version} {from_.value}, {releases[b].version} {to.value}, "
            + (f"{left} between them left" if left else "neighbours: probing both again")
        )
    return "; ".join(parts)


def believed(releases: Sequence[Release], belief: noisy.Posterior, *, probes: int) -> str:
    """Say in a line where a flip most probably is."""
    if not belief.flips:
        return f"{probes} probes, nothing testable yet"
    flip, chance = max(belief.flips.items(), key=lambda item: item[1])
    if belief.no_flip > chance:
        return f"{probes} probes: no flip with probability {belief.no_flip:.2f}"
    between = f"{releases[flip.before].version} and {releases[flip.after].version}"
    return f"{probes} probes: flips between {between} with probability {chance:.2f}"
