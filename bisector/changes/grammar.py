"""The grammar of situations: independent dimensions, each with choices of what a user may write.

A choice is data: what it puts into the slots of the program that `situations.render` makes. A
dimension belongs to a kind, by which reports say what was covered.  What is in `kinds/` is only
tables of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LISTS = (
    "broker", "definitions", "router", "routers", "registered", "decorators", "subscriber", "extra",
    "notes", "handler", "publish", "publisher", "first", "connected", "started", "last",
)  # fmt: skip
"""Slots to which several choices may add: arguments, parameters, or lines."""
TEXTS = (
    "url", "on", "prefix", "queue", "exchange", "argument", "noted", "define", "key", "payload",
    "send", "result", "main", "style", "returned", "raised", "publisher_on",
)  # fmt: skip
"""Slots that hold one text."""


@dataclass(frozen=True)
class Choice:
    """One thing that a user may choose."""

    dimension: str
    name: str
    slots: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False, compare=False)

    @property
    def id(self) -> str:
        """Its name, the same in every run: `payload=dict`."""
        return f"{self.dimension}={self.name}"

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True)
class Dimension:
    """Choices of which a situation makes one; without, it has what all others have."""

    name: str
    kind: str
    choices: tuple[Choice, ...] = field(hash=False)


def dimension(kind: str, name: str, **choices: Mapping[str, str | Iterable[str]]) -> Dimension:
    """Make a dimension of a table: slots by the choice's name, `_` for a blank."""
    rows = []
    for text, slots in choices.items():
        for slot in slots:
            assert slot in LISTS or slot in TEXTS, f"{name}={text}: there is no slot {slot}"
        values = {k: (v,) if isinstance(v, str) else tuple(v) for k, v in slots.items()}
        rows.append(Choice(name, text.replace("_", " "), values))
    return Dimension(name, kind, tuple(rows))
