"""A finding: one difference, the choices that it takes, and all situations that show it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bisector.changes.differences import KINDS, NEW, Difference
from bisector.changes.grammar import Choice
from bisector.changes.situations import Situation

SHOWN = 160
"""Characters of a value in a sentence."""


@dataclass
class Finding:
    """What is different, where."""

    difference: Difference
    choices: frozenset[Choice]
    """The fewest that show it."""
    situations: int = 1
    """How many situations showed it."""
    alike: list[Finding] = field(default_factory=list)
    """The same with other choices of the same dimensions, or what always comes with it."""
    program: str = ""
    """Passes on one side and fails on the other; empty: none was found that does."""
    passes: str = ""
    """`before` or `after`: where the program passes."""

    @property
    def kind(self) -> str:
        """Of `KINDS`."""
        return self.difference.kind

    @property
    def situation(self) -> Situation:
        """The smallest that shows it."""
        return Situation(self.choices)

    @property
    def id(self) -> str:
        """A stable name: the same difference has it in every run and pair of releases."""
        told = [*self.difference.signature, *sorted(c.id for c in self.choices)]
        digest = hashlib.sha256("\0".join(told).encode()).hexdigest()[:8]
        return f"{self.kind}-{digest}"

    @property
    def sentence(self) -> str:
        """What was and what is."""
        others = sum(1 for f in self.alike if f.choices != self.choices)
        where = str(self.situation)
        if others:
            where += f" and {others} like it"
        return f"{where}: {describe(self.difference)}"

    def explains(self, difference: Difference, choices: frozenset[Choice]) -> bool:
        """Whether it is the reason for a difference of a situation with these choices."""
        return difference.signature == self.difference.signature and self.choices <= choices


def describe(d: Difference) -> str:
    """A difference in words."""
    old, new = (_short(text) if text is not None else None for text in (d.before, d.after))
    if d.before_lacks:
        return f"it is new; before: {_short(d.detail.removeprefix(NEW))}"
    if d.kind == "gone":
        return f"it is gone: {_short(d.detail)}"
    what = {
        "end": "it", "seen": f"the program notes {d.name!r}", "sent": f"{d.name} sent",
        "received": f"{d.name} received", "left": f"queue {d.name} afterwards", "log": "log",
        "warning": d.name, "task": f"task {d.name} left behind", "output": "output",
        "order": "order",
    }[d.source]  # fmt: skip
    if d.name == "offers":
        defaults = (text and text.rpartition(", ")[2].rstrip(")") for text in (old, new))
        was, is_ = (text and text.strip("'\"") for text in defaults)
        return f"{d.detail} is new" if old is None else f"{d.detail} was {was} and is {is_}"
    if d.name == "import":
        return f"the import {_verb(old)}; now it {_verb(new)}"
    if d.source == "end":
        return f"it {_verb(old)}; now it {_verb(new)}"
    if d.source == "order":
        return f"{old} came where now {new} comes"
    field_ = f", {d.field}," if d.field else ""
    if new is None:
        return f"{what}{field_} is no more: {old}".rstrip(": ")
    if old is None:
        return f"{what}{field_} is new: {new}".rstrip(": ")
    return f"{what}{field_} was {old} and is {new}"


def _verb(told: str | None) -> str:
    return told if told in ("ends", "hangs") else f"raises {told}" if told else "ends"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for one cause: joins what differs alike, and orders by kind.

    Two are one where one situation is the smallest for both, or where they show the same: in the
    same words (a log record, an exception), or with other choices of the same dimensions (all
    objects that are published).
    """
    ordered = sorted(findings, key=_rank)
    kept: list[list[Finding]] = []
    for finding in ordered:
        same = [group for group in kept if any(_same_cause(f, finding) for f in group)]
        group = [f for one in same for f in one] + [finding]
        kept = [*(one for one in kept if one not in same), group]
    joined = []
    for group in kept:
        first, *alike = sorted(group, key=_rank)
        first.alike = alike
        first.situations = max(f.situations for f in group)
        joined.append(first)
    return sorted(joined, key=_rank)


def _same_cause(one: Finding, other: Finding) -> bool:
    if one.choices and one.choices == other.choices:
        return True
    if one.difference.signature != other.difference.signature:
        return False
    if one.difference.detail:  # the same words
        return True
    dimensions = [{c.dimension for c in f.choices} for f in (one, other)]
    return bool(one.choices) and dimensions[0] == dimensions[1]


def _rank(finding: Finding) -> tuple[bool, int, int, int, str]:
    return (
        not finding.difference.worse, KINDS.index(finding.kind), len(finding.choices),
        -finding.situations, finding.id,
    )  # fmt: skip


def total(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings there are of each kind."""
    return {kind: n for kind in KINDS if (n := sum(f.kind == kind for f in findings))}
