"""Where rounds of a cost are taken: each on one machine, beside one RabbitMQ, as a whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bisector.environments import building
from bisector.environments.building import UninstallableError
from bisector.environments.recipes import Environment
from bisector.errors import OutsideError
from bisector.places.place import Place
from bisector.questions import turns
from bisector.questions.behaviour import ATTEMPTS, Observation
from bisector.questions.cost import Benchmark, Figures
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq.broker import Broker

HELD_UP = 0.35
"""A round is void if one of its processes waited for a processor for a larger part of its turns.
On 2 processors of which nothing else wants any it is 0.05 for most, and up to 0.3 where the node
sends as fast as it can; beside a busy neighbour 0.4 to 0.7."""


@dataclass
class Round:
    """What a round came to."""

    figures: list[Figures] = field(default_factory=list)
    """Of each environment, in their order."""
    void: list[str] = field(default_factory=list)
    """Why it had to be made again, each time."""


class Rounds(Protocol):
    """A place where rounds are taken."""

    @property
    def machines(self) -> int:
        """On how many machines they were taken so far."""

    async def prepare(self, environment: Environment) -> str | None:
        """Install an environment, and import in it; returns why it cannot be measured."""

    async def round(
        self, environments: Sequence[Environment], wanted: Collection[Benchmark], attempts: int
    ) -> Round:
        """Measure environments in turns; what is disturbed is made again, `attempts` times.

        Raises:
            OutsideError: it was void each time.
        """

    async def run(
        self, environments: Sequence[Environment], program: Program, rules: Rules
    ) -> list[Observation]:
        """Run a program in each environment, alone, one after the other."""


class RoundsHere:
    """This machine."""

    machines = 1

    def __init__(
        self, broker: Broker, note: Callable[[str], None], place: Place | None = None
    ) -> None:
        """Take a broker for our own benchmarks, and a place for programs, where there are any."""
        self._broker, self._place, self._note = broker, place, note

    async def prepare(self, environment: Environment) -> str | None:
        """Install an environment, and import in it."""
        return await prepare(environment)

    async def round(
        self, environments: Sequence[Environment], wanted: Collection[Benchmark], attempts: int
    ) -> Round:
        """Measure environments in turns."""
        return await take(environments, wanted, self._broker, self._note, attempts)

    async def run(
        self, environments: Sequence[Environment], program: Program, rules: Rules
    ) -> list[Observation]:
        """Run a program in each environment."""
        assert self._place is not None
        return await run(self._place, environments, program, rules)


async def take(
    environments: Sequence[Environment],
    wanted: Collection[Benchmark],
    broker: Broker,
    note: Callable[[str], None],
    attempts: int = ATTEMPTS,
) -> Round:
    """Take a round; what RabbitMQ did not live through, or was disturbed, is void and made again.

    Raises:
        OutsideError: it was void each time.
    """
    timed = any(benchmark.timed for benchmark in wanted)
    made, trouble = Round(), ""
    for _ in range(attempts):
        lease = await broker.lease()
        try:
            made.figures = await turns.measure([*environments], wanted, lease.server)
            trouble = ""
        except turns.NoFiguresError as error:
            made.figures, trouble = [], str(error)
        trouble = await lease.trouble() or trouble
        waited = max((figures.held_up for figures in made.figures), default=0.0)
        if not trouble and timed and waited > HELD_UP:
            trouble = f"a process waited for a processor for {waited:.0%} of its time"
        if not trouble:
            return made
        made.void.append(trouble)
        note(f"a round is void: {trouble}")
    raise OutsideError(
        f"{attempts} rounds one after the other were void ({trouble}):"
        " let nothing else run on this machine, and run it again; what is known is kept"
    )


async def run(
    place: Place, environments: Sequence[Environment], program: Program, rules: Rules
) -> list[Observation]:
    """Run a program in each environment, alone, one after the other."""
    return [await place.answer(e.version, e, program, rules, alone=True) for e in environments]


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
