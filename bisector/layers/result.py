"""What the ladders of some releases came to.  Times are seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from bisector.layers.estimates import Estimate
from bisector.layers.ladder import Rung

NOISY_PLAIN, NOISY_ADDED = 0.1, 0.25
"""Too noisy is what is known no better than to so large a part of what plain aio-pika takes, and to
so large a part of itself."""
KEPT = 0.95
"""A load is kept where so large a part of it arrives in time."""


class Judgement(Enum):
    """What may be said of what a rung adds."""

    COSTS = "costs"
    SAVES = "saves"
    NOTHING = "costs nothing that can be seen"
    NOISY = "too noisy to tell"


@dataclass(frozen=True)
class Cost:
    """Wall time or CPU time of a message at one rung."""

    value: Estimate
    added: Estimate | None = None
    """What it takes more than the rung below."""
    over_plain: Estimate | None = None
    """What it takes more than plain aio-pika."""
    times_below: Estimate | None = None
    """How many times as much as the rung below."""
    times_plain: Estimate | None = None
    """How many times as much as plain aio-pika."""
    plain: float = 0.0
    """What plain aio-pika takes."""

    @property
    def judgement(self) -> Judgement | None:
        """What may be said of it; None: there is nothing below."""
        if self.added is None:
            return None
        return judged(self.added, self.plain)


def judged(added: Estimate, plain: float) -> Judgement:
    """Say of an added cost what its interval allows."""
    if added.margin > max(NOISY_PLAIN * plain, NOISY_ADDED * abs(added.value)):
        return Judgement.NOISY
    if added.low > 0:
        return Judgement.COSTS
    return Judgement.SAVES if added.high < 0 else Judgement.NOTHING


@dataclass(frozen=True)
class Load:
    """Messages that came on schedule."""

    rate: float
    """Messages a second that were to be sent."""
    sent: float
    """... that could be."""
    kept: float
    """... that arrived in time."""
    latency: Mapping[str, Estimate]
    """From when a message was due until its handler, by quantile."""

    @property
    def is_kept(self) -> bool:
        """Whether the load was below saturation, so that the latencies mean something."""
        return self.kept >= KEPT * self.rate


@dataclass(frozen=True)
class Measured:
    """One rung of one release in one direction."""

    direction: str
    rung: Rung
    below: str
    time: Cost | None = None
    cpu: Cost | None = None
    latency: Mapping[str, Estimate] = field(default_factory=dict)
    """With one in flight, by quantile."""
    load: Load | None = None
    modules: Mapping[str, float] = field(default_factory=dict)
    """What part of its CPU time was spent in which module."""
    why: str = ""
    """Why it was not measured."""
    missing: bool = False
    """Whether that is because the release does not have it, rather than because it failed."""


@dataclass(frozen=True)
class Ladder:
    """All rungs of one release."""

    name: str
    version: str
    dependencies: Mapping[str, str]
    extras: Mapping[str, str]
    """What the environment of the rungs with extras holds beside that."""
    rungs: Sequence[Measured]
    why: str = ""
    """Why nothing could be measured."""

    def find(self, direction: str, name: str) -> Measured | None:
        """Return a rung."""
        for each in self.rungs:
            if (each.direction, each.rung.name) == (direction, name):
                return each
        return None


@dataclass(frozen=True)
class Change:
    """What differs between two releases, confirmed: a part of the earlier one's CPU time."""

    before: str
    after: str
    direction: str
    rung: Rung
    change: float
    low: float
    high: float


@dataclass(frozen=True)
class Layers:
    """The answer."""

    ladders: Sequence[Ladder]
    changes: Sequence[Change]
    compared: int
    """How many comparisons between releases were made."""
    rounds: int
    void: int
    rate: float
    """Messages a second of the steady load; 0: none was tried."""
    python: str
    rabbitmq: str
    rabbitmq_source: str
    deps: str
    started: datetime
    seconds: float
    gives_up: Sequence[str] = ()
    profiled: str = ""
    """Which release was looked into; empty: none."""
