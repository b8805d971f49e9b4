"""What is measured: benchmarks of ours, or a program that prints a number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from bisector.environments.recipes import Environment
from bisector.errors import UserError
from bisector.places.rounds import Rounds
from bisector.questions import cost, turns
from bisector.questions.behaviour import ATTEMPTS, Observation
from bisector.questions.cost import Benchmark, Figures
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.search.exact import Verdict


class Subject(Protocol):
    """What is measured."""

    name: str
    """As it stands on a command line."""
    benchmarks: list[Benchmark]
    void: int
    """Rounds that were made again."""
    higher_is_better: bool
    rounds: Rounds
    """Where rounds are taken."""

    @property
    def digest(self) -> str:
        """Of all that it is made of."""

    @property
    def kind(self) -> str:
        """What the figures belong to; those of one kind serve every question about it."""

    @property
    def rules(self) -> dict[str, Any]:
        """How a figure is read; part of the question."""

    async def round(
        self, environments: list[Environment], wanted: Collection[Benchmark]
    ) -> list[Figures]:
        """Measure environments beside each other, all of them on one RabbitMQ.

        Raises:
            OutsideError: it cannot be measured, or the machine is not quiet enough.
        """


@dataclass
class Ours:
    """Benchmarks of the check."""

    name: str
    benchmarks: list[Benchmark]
    rounds: Rounds
    """Where they are taken."""
    attempts: int = ATTEMPTS
    """Void rounds one after the other, before it is given up."""
    void: int = 0
    higher_is_better: bool = False

    @property
    def kind(self) -> str:
        """All benchmarks together: a round of several serves each of them."""
        return "benchmarks"

    @property
    def digest(self) -> str:
        """Of the benchmarks' source."""
        return cost.digest()

    @property
    def rules(self) -> dict[str, Any]:
        """How long they take turns."""
        return {"turns": turns.TURNS, "warm_ups": turns.WARM_UPS}

    async def round(
        self, environments: list[Environment], wanted: Collection[Benchmark]
    ) -> list[Figures]:
        """Measure; what RabbitMQ did not live through, or was disturbed, is void and made again."""
        made = await self.rounds.round(environments, wanted, self.attempts)
        self.void += len(made.void)
        return made.figures


@dataclass
class Printed:
    """A program that prints a number."""

    program: Program
    pattern: str | None
    read: Rules
    rounds: Rounds
    higher_is_better: bool
    void: int = 0

    def __post_init__(self) -> None:
        self.name = self.program.as_typed
        words = ("higher", "lower")
        self.benchmarks = [Benchmark(self.name, "", f"the number of {self.name}", *words)]
        self._units: list[cost.Number | str] = []

    @property
    def kind(self) -> str:
        """The program alone."""
        return self.name

    @property
    def digest(self) -> str:
        """Of the program, and of what it needs."""
        return self.program.digest

    @property
    def rules(self) -> dict[str, Any]:
        """How the program's end and its number are read."""
        return {**self.read.to_json(), "number": self.pattern}

    async def round(
        self, environments: list[Environment], wanted: Collection[Benchmark]
    ) -> list[Figures]:
        """Run the program in each; the place makes sure that RabbitMQ was there."""
        assert wanted
        seen = await self.rounds.run(environments, self.program, self.read)
        return [self._read(o, e) for o, e in zip(seen, environments, strict=True)]

    def _read(self, seen: Observation, environment: Environment) -> Figures:
        if seen.verdict is not Verdict.GOOD:
            return Figures({}, {self.name: seen.reason})
        found = cost.read_number(seen.output, self.pattern)
        self._units.append(found)
        cost.of_numbers(self.name, self._units)
        if isinstance(found, str):
            if not any(isinstance(number, cost.Number) for number in self._units[:-1]):
                raise UserError(f"{self.name} at {environment.version}: {found}")
            return Figures({}, {self.name: found})
        return Figures({self.name: found.value})
