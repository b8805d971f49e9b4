"""Whole searches of made-up histories: all of them is real but the place where rounds are taken.

It draws what figures differ by from what real searches recorded, and its rounds take no time; the
time that they would have taken goes by on a clock of its own.
"""

from __future__ import annotations

import contextlib
import math
import os
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bisector.axes.axis import UNDATED, Axis, Choice
from bisector.bisection.journal import Question
from bisector.cost.calibration import TARGET
from bisector.cost.ledger import Ledger
from bisector.cost.search import Search, Wish
from bisector.cost.subject import Ours
from bisector.environments.recipes import Environment
from bisector.environments.releases import PACKAGE, Release
from bisector.errors import UnsureError
from bisector.places.display import Unseen
from bisector.places.rounds import Round
from bisector.questions import cost
from bisector.questions.behaviour import Observation
from bisector.questions.cost import Benchmark, Figures
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.search.simulated import OFFSET, History


@dataclass(frozen=True)
class Recorded:
    """What real searches say of the made-up ones."""

    wish: Wish
    left: Sequence[float]
    tried: Sequence[float]
    """See `calibration.Run`."""
    seconds: float
    """That a figure takes, with all that goes with it."""


async def search(history: History, recorded: Recorded, chance: random.Random) -> tuple[int, ...]:
    """Search a made-up history; returns the first point after each step that is named."""
    place = MadeUp(history, recorded, chance)
    line = [Release(str(i), UNDATED) for i in range(len(history.levels))]
    axis = Axis(PACKAGE, line, lambda release: Environment(release.version, ()), newest=False)
    subject = Ours(TARGET, cost.benchmarks(TARGET), place)
    made = Search(
        axis, subject, Unwritten(), recorded.wish, Unseen(),
        clock=lambda: place.now, chance=chance,
    )  # fmt: skip
    with contextlib.suppress(UnsureError):
        await made.find()
    named = (int(one.after) for one in made.tested(subject.benchmarks[0]) if one.confirmed)
    return tuple(sorted(named))


class MadeUp:
    """A place of rounds whose releases cost what a history says."""

    machines = 1

    def __init__(self, history: History, recorded: Recorded, chance: random.Random) -> None:
        self._history, self._recorded, self._chance = history, recorded, chance
        self.now = 0.0
        """Seconds that all rounds would have taken so far."""

    async def prepare(self, environment: Environment) -> str | None:
        """Install nothing."""
        usable = self._history.testable[int(environment.version)]
        return None if usable else "it cannot be tested"

    async def round(
        self, environments: Sequence[Environment], wanted: Collection[Benchmark], attempts: int
    ) -> Round:
        """Take a round in no time."""
        assert attempts
        width = len(environments)
        self.now += width * self._recorded.seconds
        offset = self._chance.gauss(0, OFFSET)
        levels = (float(self._history.levels[int(e.version)]) for e in environments)
        logs = (level + offset + noise
                for level, noise in zip(levels, self._noise(width), strict=True))  # fmt: skip
        return Round([Figures(dict.fromkeys((b.name for b in wanted), math.exp(log)))
                      for log in logs])  # fmt: skip

    def _noise(self, width: int) -> list[float]:
        """Of two releases that are put to the test it is known what their ratio differs by."""
        if width == 2:
            return [0.0, self._chance.choice([-1, 1]) * self._chance.choice(self._recorded.tried)]
        return [self._chance.choice(self._recorded.left) for _ in range(width)]

    async def run(
        self, environments: Sequence[Environment], program: Program, rules: Rules
    ) -> list[Observation]:
        """No program runs here."""
        raise NotImplementedError


class Unwritten(Ledger):
    """Rounds that no file keeps."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__(Question.of(PACKAGE, "made up", None, Choice(), "", {}), Path(os.devnull))

    def _append(self, row: dict[str, Any]) -> int:
        return len(row)
