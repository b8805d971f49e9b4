"""Where it goes: each rung's CPU time by module, seen by a sampling profiler from outside.

Not in the rounds: a process that is looked into is slower.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from sysconfig import get_path

from bisector.layers import ladder
from bisector.layers.rounds import Place, Plan, Side, order, program
from bisector.processes import process
from bisector.questions import turns
from bisector.questions.turns import NoFiguresError, Player
from bisector.rabbitmq import BrokerError
from bisector.rabbitmq.broker import Broker

SECONDS, AROUND = 1.0, 0.8
"""How long each rung is looked at, and how much longer it works."""
RATE = 400
"""Samples a second."""
OWN = "benchmarks"
PYTHON, LOOP, OTHERS = "Python", "asyncio", "others"
"""What the interpreter brings, and the part of it that everything here runs on."""


class UnseenError(Exception):
    """Nothing could be seen; the text is the reason."""


async def look(
    side: Side, plan: Plan, broker: Broker, note: Callable[[str, str], None]
) -> dict[Place, dict[str, float]]:
    """Return what part of its CPU time each rung on the way up spends in which module.

    Args:
        note: is told which rung of the release is looked at.

    Raises:
        UnseenError: this system does not let anybody look, or RabbitMQ did not answer.
    """
    found = {}
    lease = await broker.lease()
    for name, environment, extended in (
        (side.name, side.environment, False), (side.extended_name, side.extended, True),
    ):  # fmt: skip
        if environment is None:
            continue
        rungs = plan.rungs(extended=extended)
        looked_at = [rung for rung in rungs if bool(rung.extras) is extended and not rung.control]
        try:
            async with lease.server.alone() as server:
                made = program(environment, rungs, plan.directions, server.variables)
                async with turns.opened([made], server.variables.values()) as (player,):
                    for direction in plan.directions:
                        for rung in ladder.of(direction, looked_at):
                            if rung.chain or rung.extras:
                                note(name, f"looking at {direction}, {rung.name}")
                                seen = await _looked(player, direction, rung.name)
                                if seen:
                                    found[name, direction, rung.name] = seen
        except (NoFiguresError, BrokerError) as error:
            raise UnseenError(str(error)) from None
    return found


async def _looked(player: Player, direction: str, rung: str) -> dict[str, float]:
    """Look at one rung while it works; nothing where it does not."""
    await player.turn(order(direction, "work", rung=rung, seconds=0), counts=False)
    with tempfile.TemporaryDirectory(prefix="bisector-") as folder:
        file = Path(folder, "stacks")
        command: list[str | Path] = [
            Path(get_path("scripts"), "py-spy"), "record", "--pid", str(player.about["pid"]),
            "--duration", f"{SECONDS:g}", "--rate", str(RATE), "--format", "raw",
            "--full-filenames", "--output", file,
        ]  # fmt: skip
        async with process.start(command) as running:
            await player.turn(
                order(direction, "work", rung=rung, seconds=SECONDS + AROUND), counts=False
            )
            if code := await running.wait(SECONDS + 10):
                lines = [line for line in running.output.splitlines() if line.strip()]
                raise UnseenError(lines[-1] if lines else f"py-spy ended with {code}")
        return by_module(_read(file))


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def by_module(stacks: str) -> dict[str, float]:
    """Return what part of the samples each module was on top in, ours apart.

    Args:
        stacks: a line for each stack, `frame (file:line);...;frame (file:line) samples`.  What is
            written in C belongs to whoever called it.
    """
    counted: Counter[str] = Counter()
    for line in stacks.splitlines():
        frames, _, samples = line.rpartition(" ")
        if samples.isdecimal():
            counted[module(frames.rpartition(";")[2])] += int(samples)
    counted.pop(OWN, None)
    total = sum(counted.values())
    return {name: count / total for name, count in counted.most_common()} if total else {}


def module(frame: str) -> str:
    """Name the top-level module of a frame."""
    path = re.sub(r":\d+\)$", "", frame.partition(" (")[2])
    if found := re.search(r"/site-packages/([^/]+)", path):
        return found[1].removesuffix(".py")
    if f"/{OWN}/" in path:
        return OWN
    return LOOP if f"/{LOOP}/" in path else PYTHON


def grouped(parts: Mapping[str, float], least: float = 0.02) -> dict[str, float]:
    """Put what is too small to be seen together."""
    large = {name: part for name, part in parts.items() if part >= least}
    rest = 1 - sum(large.values())
    return {**large, OTHERS: rest} if rest > 1e-9 and parts else large
