"""What is measured: benchmarks of ours, or a program that prints a number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from bisector.environments import building
from bisector.environments.building import UninstallableError
from bisector.environments.recipes import Environment
from bisector.errors import OutsideError, UserError
from bisector.places.here import Here
from bisector.questions import cost, turns
from bisector.questions.behaviour import ATTEMPTS
from bisector.questions.cost import Benchmark, Figures
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq.broker import Broker
from bisector.search.exact import Verdict

HELD_UP = 0.35
"""A round is void if one of its processes waited for a processor for a larger part of its turns.
On 2 processors of which nothing else wants any it is 0.05 for most, and up to 0.3 where the node
sends as fast as it can; beside a busy neighbour 0.4 to 0.7."""


class Subject(Protocol):
    """What is measured."""

    name: str
    """As it stands on a command line."""
    benchmarks: list[Benchmark]
    void: int
    """Rounds that were made again."""
    higher_is_better: bool

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
    broker: Broker
    note: Any
    """Is told a line."""
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
        timed = any(benchmark.timed for benchmark in wanted)
        trouble = ""
        for _ in range(self.attempts):
            lease = await self.broker.lease()
            found: list[Figures] = []
            try:
                found = await turns.measure(environments, wanted, lease.server)
                trouble = ""
            except turns.NoFiguresError as error:
                trouble = str(error)
            trouble = await lease.trouble() or trouble
            waited = max((figures.held_up for figures in found), default=0.0)
            if not trouble and timed and waited > HELD_UP:
                trouble = f"a process waited for a processor for {waited:.0%} of its time"
            if not trouble:
                return found
            self.void += 1
            self.note(f"a round is void: {trouble}")
        raise OutsideError(
            f"{self.attempts} rounds one after the other were void ({trouble}):"
            " let nothing else run on this machine, and run it again; what is known is kept"
        )


@dataclass
class Printed:
    """A program that prints a number."""

    program: Program
    pattern: str | None
    read: Rules
    place: Here
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
        return [await self._one(environment) for environment in environments]

    async def _one(self, environment: Environment) -> Figures:
        seen = await self.place.answer(
            environment.version, environment, self.program, self.read, alone=True
        )
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


async def prepare(environment: Environment) -> str | None:
    """Install an environment, and import in it for the first time, which is slower than later.

    Returns:
        why it cannot be measured; None: it can.
    """
    try:
        await building.install(environment)
    except UninstallableError as error:
        return str(error)
    if any(environment.path.glob("lib*/python*/site-packages/faststream/rabbit/__pycache__")):
        return None
    return await building.import_failure(environment)
