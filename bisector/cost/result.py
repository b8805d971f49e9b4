"""What a search for steps of a cost came to.  Changes are parts: 0.1 is 10 % more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bisector.axes.axis import Axis
from bisector.axes.commits import Commit
from bisector.bisection.answer import Circumstances
from bisector.bisection.blame import Blame
from bisector.cost.ledger import Trial
from bisector.questions.cost import Benchmark


@dataclass
class Step:
    """A step that held in fresh rounds, and what was found out about it afterwards."""

    tested: Trial
    first_stable: str | None
    """First stable release from it on; None where there is none yet."""
    blame: Blame | None = None
    commits: Costs | None = None
    """The search inside the step, from commit to commit."""
    line: list[Commit] = field(default_factory=list)
    """All commits inside, oldest first."""


@dataclass(frozen=True)
class Unplaced:
    """A change that is in no single place as far as could be told."""

    benchmark: str
    first: str
    last: str
    change: float
    drift: bool
    """Whether it is many small changes, rather than a step."""


@dataclass(frozen=True)
class Looked:
    """What is known of one benchmark, steps or not."""

    benchmark: Benchmark
    noise: float
    """Standard deviation of one figure within its round, as a part."""
    change: float
    """From the oldest release that was measured to the newest, at least `low`, at most `high`."""
    low: float
    high: float
    unseen: int
    """How many releases side by side were not measured, at most."""
    figures: int
    finished: bool
    """Whether all was asked that the search wanted to know."""


@dataclass(frozen=True)
class Costs:
    """All that was found out along one axis."""

    name: str
    axis: Axis
    circumstances: Circumstances
    python: str
    least: float
    confidence: float
    minutes: float
    looked: Sequence[Looked]
    steps: Sequence[Step]
    withdrawn: Sequence[Trial]
    """Candidates that did not hold."""
    unplaced: Sequence[Unplaced]
    untestable: dict[str, str]
    """Why a release was not measured, by release."""
    started: datetime
    seconds: float
    rounds: int
    """Of this run and of earlier ones."""
    void: int
    measuring: float
    """Seconds that all rounds took, earlier runs' included."""
    higher_is_better: bool = False
    machines: int = 1
    """On how many the rounds of this run were taken, each round on one of them."""

    @property
    def sure(self) -> bool:
        """Whether every change of the size asked for is placed, or excluded."""
        return all(one.finished for one in self.looked) and not any(
            not rest.drift for rest in self.unplaced
        )
