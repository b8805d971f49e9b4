"""A finding: one difference, the choices that it takes, and all situations that show it."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bisector.changes.differences import GRAVE, KINDS, NEW, Difference
from bisector.changes.grammar import Choice
from bisector.changes.situations import Situation

SHOWN = 160
"""Characters of a value in a sentence."""
BEFORE = 40
"""Characters of a long one before the place where it differs."""


@dataclass
class Finding:
    """What is different, where."""

    difference: Difference
    choices: frozenset[Choice]
    """The fewest that show it."""
    situations: int = 1
    """How many situations showed it, with these choices."""
    touched: int = 1
    """How many with those of `alike`, too."""
    alike: list[Finding] = field(default_factory=list)
    """The same with other choices of the same dimensions, or what always comes with it."""
    program: str = ""
    """Passes on one side and fails on the other; empty: none was found that does."""
    passes: str = ""
    """`before` or `after`: where the program passes."""
    sure: bool = False
    """Whether it was seen again for itself: by its program, or in several runs of its situation."""

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
        """A stable name: the same cause has it in every run and pair of releases.

        What makes it one cause (see `merged`) makes the name, so that it does not matter which of
        the situations that show it came first.
        """
        told = [*self.difference.signature]
        if not self.difference.detail:
            told += sorted(c.dimension for c in self.choices)
        digest = hashlib.sha256("\0".join(told).encode()).hexdigest()[:8]
        return f"{self.kind}-{digest}"

    @property
    def sentence(self) -> str:
        """What was and what is."""
        others = len({f.choices for f in self.alike} - {self.choices})
        where = str(self.situation)
        if others:
            where += f" and {others} like it"
        return f"{where}: {describe(self.difference)}"

    def explains(self, difference: Difference, choices: frozenset[Choice]) -> bool:
        """Whether it is the reason for a difference of a situation with these choices."""
        return difference.signature == self.difference.signature and self.choices <= choices


def describe(d: Difference) -> str:
    """A difference in words."""
    old, new = (_short(text) if text is not None else None for text in unlike(d.before, d.after))
    if d.before_lacks:
        return f"it is new; before: {_short(d.detail.removeprefix(NEW))}"
    if d.kind == "gone":
        return f"it is gone: {_short(d.detail)}"
    if d.source == "seen" and not d.name:
        what = f"the program notes {old or new}"
        return f"{what}, and now {new}" if old and new else f"{what}, {'too' if new else 'no more'}"
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


def unlike(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Of two long texts what is around the first place where they differ."""
    if old is None or new is None or min(len(old), len(new)) < SHOWN:
        return old, new
    place = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    start = max(0, place - BEFORE)
    return (f"...{old[start:]}", f"...{new[start:]}") if start else (old, new)


def _verb(told: str | None) -> str:
    return told if told in ("ends", "hangs") else f"raises {told}" if told else "ends"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for one cause, by kind and how much it touches.

    All that one smallest situation shows has one cause, for which the most telling of it speaks.
    Two such groups are one where the same speaks for both: in the same words (a log record, an
    exception), or with other choices of the same dimensions (all objects that are published).
    """
    found = list(findings)
    common = Counter(f.difference.signature for f in found)
    shown: dict[frozenset[Choice], list[Finding]] = defaultdict(list)
    for finding in found:
        shown[finding.choices].append(finding)

    def telling(finding: Finding) -> tuple[object, ...]:
        often = 0 if finding.kind in GRAVE else common[finding.difference.signature]
        return (*_weight(finding), often, finding.id)

    causes: dict[str, list[list[Finding]]] = defaultdict(list)
    for group in shown.values():
        group.sort(key=telling)
        causes[group[0].id].append(group)
    joined = []
    for groups in causes.values():
        groups.sort(key=lambda group: (*_weight(group[0]), str(group[0].situation)))
        first = groups[0][0]
        first.alike = [g[0] for g in groups[1:]] + [f for g in groups for f in g[1:]]
        first.touched = sum(max(f.situations for f in group) for group in groups)
        joined.append(first)
    return sorted(joined, key=_rank)


def _rank(finding: Finding) -> tuple[bool, int, int, int, str]:
    return (*_weight(finding), -finding.touched, finding.id)


def _weight(finding: Finding) -> tuple[bool, int, int]:
    return not finding.difference.worse, KINDS.index(finding.kind), len(finding.choices)


def total(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings there are of each kind."""
    return {kind: n for kind in KINDS if (n := sum(f.kind == kind for f in findings))}
