"""Takes rounds: fresh processes of all releases side by side, each measuring its rungs in turns."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bisector.environments.building import surroundings
from bisector.environments.recipes import Environment
from bisector.errors import OutsideError
from bisector.layers import ladder
from bisector.layers.estimates import Turns
from bisector.layers.ladder import DIRECTIONS, LADDER, PUBLISH, RECEIVE, REQUEST, Rung
from bisector.places.rounds import HELD_UP
from bisector.questions import turns
from bisector.questions.behaviour import ATTEMPTS
from bisector.questions.turns import NoFiguresError, Player, Program
from bisector.rabbitmq import BrokerError
from bisector.rabbitmq.broker import Broker

RATE = 800.0
WARM_UPS = 1
BESIDE = 4
"""Processes that connect their rungs side by side: each of them some dozens."""
OFTEN = 2
"""What gave up or failed in so many rounds, or in all that there are, is not measured any more."""
COSTS = ("time", "cpu")
"""Wall time and CPU time per message."""
Place = tuple[str, str, str]
"""A process, a direction, a rung."""


@dataclass(frozen=True)
class Side:
    """A release: its environment, and the one that holds the extras that some rungs need."""

    name: str
    environment: Environment
    extended: Environment | None = None
    lacking: str = ""
    """Why there is no environment with the extras."""

    @property
    def extended_name(self) -> str:
        """How its process with extras is called."""
        return f"{self.name} with extras"


@dataclass(frozen=True)
class Plan:
    """What a round measures."""

    ladder: Sequence[Rung] = LADDER
    directions: Sequence[str] = DIRECTIONS
    many: int = 6
    """Turns of time per message, and of requests."""
    one: int = 4
    """Turns of latency; 0: it is not looked at."""
    rate: float = RATE
    """Messages a second of the steady load; 0: none is tried."""

    def orders(self) -> dict[str, int]:
        """Return the orders of a round, and how often each is given."""
        found = {}
        for direction in self.directions:
            if direction != REQUEST:
                found[order(direction, "many")] = self.many
        if REQUEST in self.directions:
            found[order(REQUEST, "one")] = self.many
        for direction in (PUBLISH, RECEIVE):
            if self.one and direction in self.directions:
                found[order(direction, "one")] = self.one
        for rung in self.loaded():
            found[order(RECEIVE, "load", rung=rung.name, rate=self.rate)] = 1
        return found

    def loaded(self) -> list[Rung]:
        """Return the rungs that a load is tried on."""
        if not self.rate or RECEIVE not in self.directions:
            return []
        return [rung for rung in ladder.of(RECEIVE, self.ladder) if not rung.control]

    def rungs(self, *, extended: bool) -> list[Rung]:
        """Return the rungs of a process: those that need extras, or those that need none."""
        found = [rung for rung in self.ladder if bool(rung.extras) is extended]
        return ladder.needed(found, self.ladder) if extended else found


def order(direction: str, measure: str, **options: Any) -> str:
    """Return an order to `benchmarks.layers`."""
    return json.dumps({"direction": direction, "measure": measure, **options})


def program(
    environment: Environment, rungs: Sequence[Rung], directions: Sequence[str],
    variables: Mapping[str, str], before: Sequence[str] = (),
) -> Program:  # fmt: skip
    """Return the process that measures rungs in an environment."""
    described = {
        direction: [
            rung.described(direction) for rung in ladder.in_turn(ladder.of(direction, rungs))
        ]
        for direction in directions
    }
    return Program(
        [*before, environment.interpreter, "-m", "benchmarks.layers", json.dumps(described)],
        {**surroundings(environment), **variables},
    )


@dataclass
class Rounds:
    """What was measured so far."""

    sides: Sequence[Side]
    plan: Plan
    broker: Broker
    note: Callable[[str], None]
    costs: dict[tuple[str, str], list[dict[str, list[dict[str, float]]]]] = field(
        default_factory=dict
    )
    """By direction, and time or cpu: of each round, by process, the turns."""
    latencies: dict[Place, list[list[float]]] = field(default_factory=dict)
    """Of each round."""
    loads: dict[Place, list[dict[str, Any]]] = field(default_factory=dict)
    left_out: dict[Place, str] = field(default_factory=dict)
    """Rungs that a release does not have, with the reason."""
    failed: dict[Place, list[str]] = field(default_factory=dict)
    """Why rungs hung or raised, once for each round in which they did."""
    out: dict[str, list[str]] = field(default_factory=dict)
    """Why processes gave up, likewise."""
    count: int = 0
    void: int = 0
    longest: float = 0.0
    """Seconds."""

    def turns(self, direction: str, what: str) -> Sequence[Turns]:
        """Return the costs of a direction, round by round."""
        return self.costs.get((direction, what), [])

    async def take(self) -> None:
        """Take one more; what RabbitMQ did not live through, or was disturbed, is made again.

        Raises:
            OutsideError: nothing can be measured here.
        """
        began = time.monotonic()
        trouble = ""
        for _ in range(ATTEMPTS):
            lease = await self.broker.lease()
            players: dict[str, Player] = {}
            try:
                async with lease.server.alone() as server:
                    programs = self._programs(server.variables)
                    if not programs:
                        raise OutsideError(f"nothing is left to be measured: {self._reasons()}")
                    orders = self.plan.orders()
                    ready = [text for text in orders if json.loads(text)["measure"] != "many"]
                    found = await turns.play(
                        [*programs.values()], [*orders], server.variables.values(), orders,
                        [text for text in ready if json.loads(text)["direction"] != REQUEST],
                        WARM_UPS, BESIDE,
                    )  # fmt: skip
                players = dict(zip(programs, found, strict=True))
                trouble = ""
            except (NoFiguresError, BrokerError) as error:
                trouble = str(error)
            trouble = await lease.trouble() or trouble
            waited = max((player.held_up for player in players.values()), default=0.0)
            if not trouble and waited > HELD_UP:
                trouble = f"a process waited for a processor for {waited:.0%} of its time"
            if not trouble:
                self._add(players)
                self.longest = max(self.longest, time.monotonic() - began)
                return
            self.void += 1
            self.note(f"a round is void: {trouble}")
        raise OutsideError(
            f"{ATTEMPTS} rounds one after the other were void ({trouble}):"
            " let nothing else run on this machine, and run it again"
        )

    def _programs(self, variables: Mapping[str, str]) -> dict[str, Program]:
        found = {}
        for side in self.sides:
            for name, environment, extended in (
                (side.name, side.environment, False),
                (side.extended_name, side.extended, True),
            ):
                rungs = self.plan.rungs(extended=extended)
                if environment and rungs and not self.is_out(name):
                    found[name] = program(environment, rungs, self.plan.directions, variables)
        return found

    def is_out(self, process: str) -> str:
        """Return why a process is not measured any more; empty: it is."""
        return self._why(self.out.get(process, []))

    def has_failed(self, place: Place) -> str:
        """Return why a rung is not to be trusted; empty: it is."""
        return self._why(self.failed.get(place, []))

    def _why(self, reasons: Sequence[str]) -> str:
        often = len(reasons) >= min(OFTEN, max(self.count, 1))
        return reasons[-1] if often else ""

    def _reasons(self) -> str:
        return "; ".join(f"{name}: {whys[-1]}" for name, whys in self.out.items())

    def _add(self, players: Mapping[str, Player]) -> None:
        self.count += 1
        costs: dict[tuple[str, str], dict[str, list[dict[str, float]]]] = {}
        for name, player in players.items():
            if player.out:
                self.out.setdefault(name, []).append(player.out)
                continue
            failed: dict[Place, str] = {}
            for text, answers in player.answers.items():
                given = json.loads(text)
                direction = given["direction"]
                for told in answers:
                    failed.update(self._trouble(name, direction, told))
                    if given["measure"] == "load":
                        for rung, figures in told["rungs"].items():
                            self.loads.setdefault((name, direction, rung), []).append(figures)
                    for what in COSTS:
                        turn = {r: f[what] for r, f in told["rungs"].items() if what in f}
                        if turn:
                            of = costs.setdefault((direction, what), {})
                            of.setdefault(name, []).append(turn)
                if given["measure"] != "load":
                    self._pool(name, direction, answers)
            for place, why in failed.items():
                self.failed.setdefault(place, []).append(why)
        for key, turn_by_process in costs.items():
            self.costs.setdefault(key, []).append(turn_by_process)

    def _trouble(self, process: str, direction: str, told: Mapping[str, Any]) -> dict[Place, str]:
        """Take down what is left out, and return what failed."""
        for rung, why in told["left_out"].items():
            self.left_out[process, direction, rung] = why
        failed = dict(told["failed"])
        if told["broken"]:
            failed.update({rung.name: told["broken"] for rung in self.plan.ladder})
        return {(process, direction, rung): why for rung, why in failed.items()}

    def _pool(self, process: str, direction: str, answers: Sequence[Mapping[str, Any]]) -> None:
        """Put the latencies of a round together, by rung."""
        pooled: dict[str, list[float]] = {}
        for told in answers:
            for rung, figures in told["rungs"].items():
                pooled.setdefault(rung, []).extend(figures.get("latencies", []))
        for rung, seconds in pooled.items():
            if seconds:
                self.latencies.setdefault((process, direction, rung), []).append(seconds)
