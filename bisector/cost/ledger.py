"""The rounds that were taken, and the candidates that were tested, in the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bisector.bisection.journal import JOURNAL, Journal, Question
from bisector.questions.cost import Figures


@dataclass(frozen=True)
class Taken:
    """What one process of a round measured."""

    version: str
    environment: str
    """Digest of the environment's recipe."""
    figures: Figures


Round = tuple[Taken, ...]
"""Processes that took turns."""


@dataclass(frozen=True)
class Trial:
    """A candidate that was put to the test in fresh rounds.  Changes are parts: 0.1 is 10 % more.

    Of a candidate that costs more, `low` is held with the certainty that the check's "worse" needs,
    and `high` with that of its "no worse"; of one that costs less it is the other way round.
    """

    benchmark: str
    before: str
    after: str
    change: float
    low: float
    high: float
    rounds: int
    confirmed: bool
    environments: tuple[str, str]
    """Digests of the recipes."""


class Ledger(Journal):
    """The rounds of one question."""

    def __init__(
        self, question: Question, path: Path = JOURNAL, note: Callable[[str], None] = print
    ) -> None:
        """Read what is there; see `Journal`."""
        self.rounds: list[Round] = []
        self.tested: list[Trial] = []
        self.seconds = 0.0
        """How long all rounds took."""
        super().__init__(question, path, note)

    def _take(self, row: dict[str, Any], _place: object) -> None:
        if "tested" in row:
            told = row["tested"]
            self.tested.append(Trial(**{**told, "environments": tuple(told["environments"])}))
        else:
            self.seconds += row["seconds"]
            self.rounds.append(
                tuple(
                    Taken(one["version"], one["environment"], Figures(**one["figures"]))
                    for one in row["round"]
                )
            )

    def _clear(self) -> None:
        self.rounds.clear()
        self.tested.clear()
        self.seconds = 0.0

    def add_round(self, taken: Round, seconds: float) -> None:
        """Keep a round, on disk before this returns."""
        self._append({"round": [asdict(one) for one in taken], "seconds": round(seconds, 2)})
        self.seconds += seconds
        self.rounds.append(taken)

    def add_tested(self, tested: Trial) -> None:
        """Keep how a candidate did, likewise."""
        self._append({"tested": asdict(tested)})
        self.tested.append(tested)
