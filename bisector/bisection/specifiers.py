"""Which releases an answer says are affected, and which to require, as PEP 440 specifiers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from packaging.specifiers import SpecifierSet

from bisector.bisection.answer import Answer
from bisector.search import exact
from bisector.search.exact import Verdict


@dataclass(frozen=True)
class Specifiers:
    """What can be pasted into a `pyproject.toml`; None where there is no such release."""

    affected: str | None
    """All releases that are bad, tested or between two that are."""
    required: str | None
    """All that are good."""
    with_neighbours: tuple[str, ...]
    """Those that cannot be tested, and are counted with the releases on both sides of them."""
    neither: tuple[str, ...]
    """Those that cannot be tested, and lie beside a flip."""


def of(answer: Answer) -> Specifiers | None:
    """Return what an answer means for those who pin; None where it says nothing of releases."""
    if not answer.axis.stable_matters or answer.uncertain or not exact.flips(answer.history):
        return None
    versions = [release.version for release in answer.releases]
    filled = fill(answer.history)
    skipped = [i for i, verdict in enumerate(answer.history) if verdict is Verdict.SKIP]
    newest = answer.axis.newest
    return Specifiers(
        specifier(versions, [verdict is Verdict.BAD for verdict in filled], newest=newest),
        specifier(versions, [verdict is Verdict.GOOD for verdict in filled], newest=newest),
        tuple(versions[i] for i in skipped if filled[i]),
        tuple(versions[i] for i in skipped if not filled[i]),
    )


def fill(history: exact.History) -> list[Verdict | None]:
    """Give releases between two that agree the verdict of these; None for those beside a flip."""
    filled: list[Verdict | None] = [None] * len(history)
    seen = exact.tested(history)
    for before, after in zip(seen, seen[1:] or seen, strict=False):
        if history[before] is history[after]:
            filled[before : after + 1] = [history[before]] * (after + 1 - before)
        filled[before], filled[after] = history[before], history[after]
    return filled


def specifier(versions: Sequence[str], wanted: Sequence[bool], *, newest: bool) -> str | None:
    """Write the shortest specifier that holds for the wanted versions and for no other one of them.

    A specifier can only narrow, so that what is not wanted between two stretches is excluded
    version by version.  https://peps.python.org/pep-0440/#version-specifiers

    Args:
        versions: in order.
        newest: whether a stretch that reaches the last of them goes on with what is released next.
    """
    stretches = [
        [version for version, _ in group]
        for want, group in groupby(zip(versions, wanted, strict=True), lambda pair: pair[1])
        if want
    ]
    if not stretches:
        return None
    first, last = stretches[0][0], stretches[-1][-1]
    start, end = versions.index(first), versions.index(last)
    between = [
        f"!={version}"
        for version, want in zip(versions[start:end], wanted[start:end], strict=True)
        if not want
    ]
    if last == versions[-1]:
        ends = [""] if newest else [f"<={last}"]
    else:
        # "<1.0" leaves out the candidates of 1.0, too: it may say more than is meant.
        ends = [f"<{versions[end + 1]}", f"<={last}"]
    candidates = [",".join(filter(None, (f">={first}", *between, end_))) for end_ in ends]
    return next(c for c in candidates if _holds_for(c, versions) == [*wanted])


def _holds_for(text: str, versions: Sequence[str]) -> list[bool]:
    found = SpecifierSet(text)
    return [found.contains(version, prereleases=True) for version in versions]
