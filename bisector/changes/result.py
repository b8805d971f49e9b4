"""What a comparison of all that two releases do came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bisector.changes.comparison import Compared
from bisector.changes.differences import Difference
from bisector.changes.findings import Finding
from bisector.changes.grammar import Dimension
from bisector.environments import recipes


@dataclass(frozen=True)
class Changes:
    """All there is to say of a pair."""

    old: str
    new: str
    findings: Sequence[Finding]
    """Most telling first."""
    compared: Compared
    dimensions: Sequence[Dimension]
    """Of the grammar, as far as it was to be looked at."""
    outside: Sequence[str] = ()
    """Dimensions of the grammar that the application does not use."""
    rabbitmq: str = ""
    dependencies: Sequence[recipes.Difference] = field(default_factory=tuple)
    """In which the two environments differ."""
    stopped: bool = False
    """Whether it was ended before its time."""

    @property
    def kinds(self) -> dict[str, tuple[int, int]]:
        """By the grammar's kinds: (choices that were run, choices that there are)."""
        return {
            kind: (
                sum(c in self.compared.choices for d in dims for c in d.choices),
                sum(len(d.choices) for d in dims),
            )
            for kind in dict.fromkeys(d.kind for d in self.dimensions)
            for dims in [[d for d in self.dimensions if d.kind == kind]]
        }

    @property
    def left_out(self) -> list[str]:
        """Choices that were not compared: the time was up, or neither side offers them."""
        choices = (c for d in self.dimensions for c in d.choices)
        return [c.id for c in choices if c not in self.compared.choices]


def of_import(old: str | None, new: str | None) -> Finding:
    """The finding that one side does not import, which is all there is to say.

    Args:
        old: why the old side does not; None: it does.
    """
    before, after = (f"ImportError: {why}" if why else "ends" for why in (old, new))
    difference = Difference("raises", "end", "import", "", before, after, "import")
    passes = "after" if old else "before"
    return Finding(difference, frozenset(), program="import faststream.rabbit\n", passes=passes)
