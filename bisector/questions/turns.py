"""A round: fresh processes of several environments, side by side, which measure in turns."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import math
import os
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bisector.environments.building import surroundings
from bisector.environments.recipes import Environment
from bisector.processes import process
from bisector.processes.process import Process
from bisector.processes.redaction import redact
from bisector.questions.cost import Benchmark, Figures
from bisector.rabbitmq import BrokerError, Server

TURNS = {
    "import": 4,
    "peak memory": 1,
    "publish": 8,
    "publish latency": 8,
    "publisher object": 8,
    "receive": 6,
    "request": 8,
    "open and close": 8,
}
"""How many count, by group, in the order in which they are measured."""
STEADY = 0.015
"""More turns follow until a figure is known so well, as the standard error of its logarithm.  There
are machines on which turns of one process differ by 7 to 14 %, from one minute to the next, however
processors are kept apart (12 %: 8 turns leave 4.7 %, 32 leave 2.4, 64 leave 1.5)..."""
EXTRA = 8.0
"""... or until that has taken so many seconds of a round, all groups together: it has to be over
within a minute."""
WARM_UPS = 2
"""Turns before those that count; in the first of them what a group needs is made.  With one alone
the group that a process begins with differed more than those after it."""
AT_ONCE = ("import",)
"""Groups that need no turn to be made ready in."""
SECONDS = 30.0
"""A turn takes 0.02 to 1 s; only a release that blocks its event loop takes so long."""
NORMAL = 1.4826
"""Standard deviation of normal figures in median absolute deviations."""
KEPT = 1024 * 1024
VOID, UNIMPORTABLE = 128, 125
"""How a process ends that RabbitMQ did not answer, and one whose release does not import."""


class NoFiguresError(Exception):
    """The round has come to nothing; the text is the reason."""


async def measure(
    environments: Sequence[Environment], wanted: Collection[Benchmark], node: Server
) -> list[Figures]:
    """Measure environments, which may come repeatedly, in turns.

    A release that does not import, or fails, has figures too: `failed` says why there are none.

    Raises:
        NoFiguresError: RabbitMQ did not answer, or a process ended as it should not.
    """
    groups = [group for group in TURNS if group in {benchmark.group for benchmark in wanted}]
    try:
        async with node.alone() as server:
            programs = [
                Program([environment.interpreter, "-m", "benchmarks.costs"],
                        {**surroundings(environment), **server.variables})
                for environment in environments
            ]  # fmt: skip
            players = await play(programs, groups, server.variables.values(), extra=EXTRA)
    except BrokerError as error:
        raise NoFiguresError(str(error)) from None
    return [player.figures(wanted, players) for player in players]


class Program(NamedTuple):
    """What a process of a round is; it takes the name of a pipe, and answers the orders there."""

    command: Sequence[str | Path]
    environ: Mapping[str, str | None]


async def play(
    programs: Sequence[Program],
    groups: Sequence[str],
    secrets: Collection[str] = (),
    turns: Mapping[str, int] = TURNS,
    at_once: Collection[str] = AT_ONCE,
    warm_ups: int = WARM_UPS,
    beside: int | None = None,
    extra: float = 0.0,
) -> list[Player]:
    """Have programs measure in turns.

    Args:
        groups: what they are ordered, one after the other.
        secrets: what no reason may hold.
        turns: how many of each group count.
        at_once: groups that need no turn to be made ready in.
        warm_ups: turns of the others before those that count.
        beside: how many are made ready side by side; None: all.
        extra: seconds for more turns where figures are not `STEADY` by then, all groups together.

    Raises:
        NoFiguresError: RabbitMQ did not answer one of them.
    """
    async with opened(programs, secrets) as players:
        for group in groups:
            for _ in range(0 if group in at_once else warm_ups):
                for start in range(0, len(players), beside or len(players) or 1):
                    few = players[start:][:beside]
                    await asyncio.gather(*(player.turn(group, counts=False) for player in few))
            for turn in range(turns[group]):
                await _around(players, group, turn)
            ends = time.monotonic() + extra / len(groups)
            for turn in itertools.count(turns[group]):
                if time.monotonic() >= ends or _error([p.logs[-turn:] for p in players]) <= STEADY:
                    break
                await _around(players, group, turn)
        return players


async def _around(players: Sequence[Player], group: str, turn: int) -> None:
    for player in players[:: -1 if turn % 2 else 1]:  # to and fro
        await player.turn(group)


Logs = Sequence[Mapping[str, float]]
"""Logarithms by benchmark, of each turn."""


def _common(all_: Sequence[Logs], name: str) -> list[float]:
    """What all processes have in common in each turn; NaN where it was not measured in it."""
    found = ([logs[name] for logs in turn if name in logs] for turn in zip(*all_, strict=True))
    return [median(logs) if logs else math.nan for logs in found]


def _left(own: Logs, common: Sequence[float], name: str) -> list[float]:
    """What is left of a process's turns without what all have in common: that is the machine's."""
    return [mine[name] - all_ for mine, all_ in zip(own, common, strict=True) if name in mine]


def _error(players: Sequence[Logs]) -> float:
    """How well figures are known, as most processes know the one that is known worst: the standard
    error of the median of normal figures of that absolute deviation.
    """
    worst = 0.0
    for name in {name for own in players for logs in own for name in logs}:
        common = _common(players, name)
        errors = [_error_of(left) for own in players if (left := _left(own, common, name))]
        if len(errors) > 1:
            hidden = math.sqrt(len(errors) / (len(errors) - 1))  # by what they share
            worst = max(worst, hidden * median(errors))
    return worst


def _error_of(left: Sequence[float]) -> float:
    middle = median(left)
    spread = NORMAL * median(abs(each - middle) for each in left)
    return math.sqrt(math.pi / 2 / len(left)) * spread


@contextlib.asynccontextmanager
async def opened(
    programs: Sequence[Program], secrets: Collection[str] = ()
) -> AsyncIterator[list[Player]]:
    """Start programs, and wait until they take orders; they end with the context.

    Raises:
        NoFiguresError: RabbitMQ did not answer one of them.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bisector-")))
        players = []
        for place, program in enumerate(programs):
            pipe = folder / str(place)
            os.mkfifo(pipe)
            orders = os.open(pipe, os.O_RDWR)  # which waits for nobody
            stack.callback(os.close, orders)
            running = await stack.enter_async_context(
                process.start([*program.command, pipe], program.environ, kept=KEPT)
            )
            players.append(Player(running, orders, secrets))
        await asyncio.gather(*(player.ready() for player in players))
        yield players


class Player:
    """One process of a round."""

    def __init__(self, running: Process, orders: int, secrets: Collection[str]) -> None:
        self._running, self._orders, self._secrets = running, orders, secrets
        self._seen = 0
        self.about: dict[str, Any] = {}
        """What it told when it was ready."""
        self._out = ""
        """Why it does not take part any more."""
        self.logs: list[dict[str, float]] = []
        """Logarithms by benchmark, of each turn that counts."""
        self.answers: dict[str, list[dict[str, Any]]] = {}
        """All that it told, by group, of each turn that counts; nothing where it was out."""
        self._failed: dict[str, str] = {}
        self._broken: dict[str, str] = {}
        self._waited = self._held_up = self._busy = 0.0
        """Seconds that it waited for a processor so far, and did so in its turns, of how many."""

    @property
    def out(self) -> str:
        """Why it does not take part any more; empty: it does."""
        return self._out

    @property
    def held_up(self) -> float:
        """What part of the time of its turns it waited for a processor."""
        return round(self._held_up / max(self._busy, 1e-9), 4)

    async def ready(self) -> None:
        """Wait until it has started."""
        self.about = await self._answer()

    async def turn(self, group: str, *, counts: bool = True) -> None:
        """Have a turn measured."""
        began = self._running.seconds
        told: dict[str, Any] = {}
        if not self._out:
            os.write(self._orders, f"{group}\n".encode())
            told = await self._answer()
        if "held_up" in told:
            if counts:  # those who are made ready do so side by side
                self._busy += self._running.seconds - began
                self._held_up += told["held_up"] - self._waited
            self._waited = told["held_up"]
        self._failed.update(told.get("failed", {}))
        if broken := told.get("broken"):
            self._broken[group] = broken
        if counts:
            self.answers.setdefault(group, []).append(told)
            values = told.get("values", {})
            self.logs.append({name: math.log(value) for name, value in values.items()})

    async def _answer(self) -> dict[str, Any]:
        """What it says next; nothing: it is out."""
        while not self._out:
            lines = self._running.output.splitlines(keepends=True)
            for line in lines[self._seen :]:
                if not line.endswith("\n"):
                    break
                self._seen += 1
                if line.startswith("{"):
                    with contextlib.suppress(ValueError):
                        told = json.loads(line)
                        if isinstance(told, dict):
                            return told
            began = self._running.seconds
            code = await self._running.event(SECONDS)
            if code is not None:
                self._end(code)
            elif self._running.seconds - began >= SECONDS:
                self._out = f"no answer within {SECONDS:g} s"
        return {}

    def _end(self, code: int) -> None:
        output = redact(self._running.output.strip(), self._secrets)
        last = (output.splitlines() or ["it wrote nothing"])[-1]
        if code == VOID:
            raise NoFiguresError(last)
        self._out = last if code == UNIMPORTABLE else f"its process ended with {code}: {last}"

    def figures(self, wanted: Collection[Benchmark], beside: Sequence[Player]) -> Figures:
        """What it came to, beside the others."""
        values, failed = {}, {}
        for benchmark in wanted:
            name = benchmark.name
            if why := self._failed.get(name) or self._broken.get(benchmark.group) or self._out:
                failed[name] = why
                continue
            common = _common([player.logs for player in beside], name)
            level = median(each for each in common if not math.isnan(each))
            values[name] = math.exp(level + median(_left(self.logs, common, name)))
        return Figures(values, failed, self.held_up)
