"""What a comparison of two releases came to: of each scenario, each benchmark, and as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from bisector.environments.recipes import Difference
from bisector.questions.behaviour import Observation

UNKNOWN = "unknown"
"""What stands in the place of a number that is not finite."""


class Judgement(str, Enum):
    """How the candidate compares with the baseline."""

    NO_WORSE = "no worse"
    WORSE = "worse"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Side:
    """The baseline or the candidate."""

    name: str
    """As the user named it."""
    version: str
    """The version of the distribution inside."""
    python: str
    dependencies: dict[str, str]


@dataclass(frozen=True)
class Behaviour:
    """One scenario on both sides."""

    scenario: str
    report: str | None
    """The upstream report it stands for."""
    expected: str
    baseline: Observation
    candidate: Observation
    judgement: Judgement
    reason: str
    """Why it is judged so, in a line."""

    @property
    def name(self) -> str:
        """What was judged."""
        return self.scenario


@dataclass(frozen=True)
class Speed:
    """One benchmark on both sides."""

    benchmark: str
    """In words, like "publish: time per message"."""
    unit: str
    """Of `baseline` and `candidate`: "s" or "B"."""
    baseline: float
    """Median over the rounds."""
    candidate: float
    change: float
    """Of the candidate against the baseline, each as a multiple of the plain aio-pika beside it
    where there is one, as a part: 0.1 is 10 % more, which is worse; NaN where it failed."""
    low: float
    """It is at least this, with the certainty that "worse" needs (see `rule`)."""
    high: float
    """It is at most this, with the confidence that "no worse" needs."""
    smallest: float
    """The smallest change that would be called worse at the spread found, in 95 % of runs."""
    rounds: int
    judgement: Judgement
    reason: str

    @property
    def name(self) -> str:
        """What was judged."""
        return self.benchmark


@dataclass(frozen=True)
class Change:
    """What differs in generated situations, from one cause."""

    id: str
    """A stable name, as `nox -s changes` has it."""
    kind: str
    """Of `changes.differences.KINDS`."""
    sentence: str
    """What was and what is, and where."""
    situations: int
    """How many showed it."""
    program: str
    """Passes on the baseline and fails on the candidate; empty where there is none."""
    judgement: Judgement
    reason: str
    """Why it is judged so, in a line."""
    alike: Sequence[str] = field(default=())
    """Other names of the same cause."""

    @property
    def name(self) -> str:
        """What was judged."""
        return self.id


@dataclass(frozen=True)
class Situations:
    """What generated situations showed on both sides."""

    count: int
    """That were run on both sides."""
    alike: int
    """That were run on the baseline alone: they call no function that differs."""
    choices: tuple[int, int]
    """Of the grammar: (those that were run, all that there are)."""
    changes: Sequence[Change]
    """Most telling first; also what is only otherwise, and no worse."""
    why_none: str = ""
    """Why nothing was compared; empty where it was."""

    @property
    def judged(self) -> list[Change]:
        """What the answer rests on: what only is otherwise is told, and no more."""
        return [c for c in self.changes if c.judgement is not Judgement.NO_WORSE]

    @property
    def no_worse(self) -> int:
        """In how many situations nothing is worse, nor perhaps so."""
        return max(0, self.count - sum(c.situations for c in self.judged))


Judged = Behaviour | Change | Speed


@dataclass(frozen=True)
class Acceptance:
    """A change that is known and accepted, up to `percent`; of a scenario, whatever it is."""

    what: str
    """A benchmark, scenario or finding by name."""
    percent: float
    reason: str
    source: str
    """`--allow`, or the file it stands in."""


@dataclass(frozen=True)
class Check:
    """All that one comparison found."""

    baseline: Side
    candidate: Side
    behaviours: Sequence[Behaviour]
    speeds: Sequence[Speed]
    """Empty where behaviour decided, or timing was not wanted."""
    differences: Sequence[Difference]
    """Dependencies that differ between the two environments."""
    accepted: Sequence[tuple[Acceptance, bool]]
    """What was accepted beforehand; False: it does not matter any more."""
    rabbitmq: str
    rabbitmq_source: str
    started: datetime
    seconds: float
    rounds: int
    void_rounds: int
    """Rounds thrown away and repeated, because RabbitMQ did not answer."""
    gives_up: Sequence[str] = field(default=())
    """What this run did not do, in sentences (`--quick`, or behaviour that regressed)."""
    situations: Situations | None = None
    """What generated situations showed; None: none was looked at."""

    @property
    def judged(self) -> list[Judged]:
        """All that was judged."""
        changes = self.situations.judged if self.situations else []
        return [*self.behaviours, *changes, *self.speeds]

    def regressions(self) -> list[Judged]:
        """What is worse and was not accepted."""
        tolerated = {a.what: a.percent for a, _ in self.accepted}
        return [
            found
            for found in self.judged
            if found.judgement is Judgement.WORSE and not _tolerated(found, tolerated)
        ]

    def accepts(self, found: Judged) -> bool:
        """Whether it is worse, but accepted."""
        return found.judgement is Judgement.WORSE and found not in self.regressions()

    @property
    def passed(self) -> bool:
        """Whether nothing is worse that was not accepted."""
        return not self.regressions()


def _tolerated(found: Judged, tolerated: dict[str, float]) -> bool:
    if isinstance(found, Behaviour):
        return found.scenario in tolerated
    if isinstance(found, Change):
        return not tolerated.keys().isdisjoint({found.id, *found.alike})
    # Only what is certainly more than was accepted counts, as without: only what is certainly more.
    return 0 < found.low * 100 <= tolerated.get(found.benchmark, 0.0)


def percent(part: float, form: str = "+.1f") -> str:
    """Write a part of 1 as a percentage."""
    return f"{100 * part:{form}} %" if math.isfinite(part) else UNKNOWN
