"""What a worker does with a cell: the same as this machine would, beside RabbitMQ of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from distributed import Reschedule, Worker, WorkerPlugin

from bisector.environments.recipes import Environment
from bisector.errors import OutsideError, UserError
from bisector.places import rounds
from bisector.places.beside import Beside
from bisector.places.dask import cells
from bisector.places.here import Here, Turns
from bisector.questions import cost
from bisector.questions.astray import AstrayError
from bisector.questions.behaviour import AbortedError
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq import NONE
from bisector.rabbitmq.broker import Broker
from bisector.rabbitmq.fleet import Fleet

NAME = "faststream-bisector"
KEPT = 64
"""How many programs are remembered, with how far each can be kept apart."""


class Answering(WorkerPlugin):
    """Answers cells on one worker; boots RabbitMQ when first asked for, and ends it with that."""

    name = NAME

    def __init__(self, slots: int, note: Callable[[str], None]) -> None:
        """Take how many cells are answered side by side.

        Args:
            note: is told what somebody who looks at the worker should know.
        """
        self._slots, self._note = slots, note
        self.retired = ""
        """Why it is to end; empty: it is not."""
        self._void = 0
        """Cells that came to nothing, one after the other, whoever asked."""

    async def setup(self, worker: Worker) -> None:
        """Be ready; nothing is booted yet."""
        self._address = worker.address
        self._fleet = Fleet(self._note)
        self._turns = Turns(self._slots)
        self._places: dict[str, tuple[Beside, Here, list[str]]] = {}
        self._running: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._cancelled: set[str] = set()

    async def teardown(self, worker: Worker) -> None:
        """End what was booted."""
        del worker
        await self._fleet.__aexit__()

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """End a probe whose answer nobody waits for any more; dask itself would let it run."""
        # What is asked for is told, "released"; what runs is only marked as cancelled.
        if start == "executing" and finish in ("released", "cancelled") and key in self._running:
            self._cancelled.add(key)
            self._running[key].cancel()

    async def answer(self, key: str, text: str, sent: dict[str, bytes]) -> dict[str, Any]:
        """Answer a cell; trouble is an answer, too, for it need not be the cell's.

        Raises:
            Reschedule: it was cancelled, and is wanted all the same meanwhile.
        """
        work = asyncio.create_task(self._answer(json.loads(text), sent))
        self._running[key] = work
        try:
            return await work
        except asyncio.CancelledError:
            if key in self._cancelled:
                raise Reschedule from None
            raise
        finally:
            self._cancelled.discard(key)
            del self._running[key]
            if not work.done():
                work.cancel()
                await asyncio.wait({work})

    async def _answer(self, cell: dict[str, Any], sent: dict[str, bytes]) -> dict[str, Any]:
        began, spent = time.monotonic(), Stages()
        notes: list[str] = []
        told: dict[str, Any]
        try:
            do: dict[str, Callable[..., Awaitable[Any]]] = {
                "probe": self._probe, "prepare": self._prepare, "round": self._round,
                "run": self._run, "nothing": _nothing,
            }  # fmt: skip
            told = {"answer": await do[cell["kind"]](cell, sent, spent, notes)}
        except OutsideError as error:
            told = {"trouble": str(error), "details": error.details, "cells": _cells_own(error)}
        except UserError as error:  # of what this machine has
            told = {"trouble": str(error), "details": "", "cells": False}
        except OSError as error:
            told = {"trouble": f"{error.filename or ''} {error.strerror or error}".strip(),
                    "details": "", "cells": False}  # fmt: skip
        if "answer" in told:
            self._void = 0
        elif not told["cells"]:
            self._void += 1
        return {
            **told,
            "void": self._void,
            "worker": self._address,
            "notes": notes,
            "seconds": round(time.monotonic() - began, 4),
            "stages": spent.told(),
        }

    async def _probe(
        self, cell: dict[str, Any], sent: dict[str, bytes], spent: Stages, notes: list[str]
    ) -> dict[str, Any]:
        environment = await asyncio.to_thread(cells.read_environment, cell["environment"], sent)
        program = await asyncio.to_thread(cells.read_program, cell["program"], sent)
        beside, without, said = self._place(program)
        rules, version = Rules(**cell["rules"]), cell["version"]
        try:
            what = environment, program, rules, spent.stage
            alone = cell["alone"]
            if rabbitmq := cell["rabbitmq"]:
                seen = await beside.beside(rabbitmq, version, *what, alone=alone)
            else:
                seen = await without.answer(version, *what, alone=alone)
            return seen.to_json()
        finally:
            notes += said  # all of them: each client tells those that are new to it

    async def _prepare(
        self, cell: dict[str, Any], sent: dict[str, bytes], spent: Stages, _notes: list[str]
    ) -> str | None:
        (environment,) = await self._environments(cell, sent)
        async with self._turns.beside():
            spent.stage("installing")
            return await rounds.prepare(environment)

    async def _round(
        self, cell: dict[str, Any], sent: dict[str, bytes], spent: Stages, notes: list[str]
    ) -> dict[str, Any]:
        environments = await self._environments(cell, sent)
        wanted = [benchmark for benchmark in cost.BENCHMARKS if benchmark.name in cell["wanted"]]
        async with self._turns.alone(), self._fleet.lend(cell["rabbitmq"]) as broker:
            spent.stage("installing")
            for environment in environments:
                await rounds.prepare(environment)
            spent.stage("measuring")
            taken = await rounds.take(environments, wanted, broker, notes.append, cell["attempts"])
        return asdict(taken)

    async def _run(
        self, cell: dict[str, Any], sent: dict[str, bytes], spent: Stages, notes: list[str]
    ) -> list[dict[str, Any]]:
        environments = await self._environments(cell, sent)
        program = await asyncio.to_thread(cells.read_program, cell["program"], sent)
        rules, (_, without, said) = Rules(**cell["rules"]), self._place(program)
        spent.stage("measuring")
        try:
            if not cell["rabbitmq"]:
                found = await rounds.run(without, environments, program, rules)
            else:
                async with self._fleet.lend(cell["rabbitmq"]) as broker:
                    place = Here(broker, self._slots, said.append, turns=self._turns)
                    found = await rounds.run(place, environments, program, rules)
        finally:
            notes += said
        return [seen.to_json() for seen in found]

    async def _environments(
        self, cell: dict[str, Any], sent: dict[str, bytes]
    ) -> list[Environment]:
        def read() -> list[Environment]:
            return [cells.read_environment(recipe, sent) for recipe in cell["environments"]]

        return await asyncio.to_thread(read)

    def _place(self, program: Program) -> tuple[Beside, Here, list[str]]:
        """The place of a program, which knows how far its probes can be kept apart."""
        name = program.digest
        found = self._places.pop(name, None)
        if found is None:
            said: list[str] = []
            nothing = Broker(NONE, said.append)
            found = (
                Beside(self._fleet, self._slots, said.append, turns=self._turns),
                Here(nothing, self._slots, said.append, turns=self._turns),
                said,
            )
        self._places[name] = found
        if len(self._places) > KEPT:
            del self._places[next(iter(self._places))]
        return found


class Stages:
    """Sums up how long a cell was in each stage."""

    def __init__(self) -> None:
        self._now, self._since = "waiting for its turn", time.monotonic()
        self._spent: dict[str, float] = {}

    def stage(self, text: str) -> None:
        """Another stage begins."""
        now = time.monotonic()
        self._spent[self._now] = self._spent.get(self._now, 0.0) + now - self._since
        self._now, self._since = text, now

    def told(self) -> dict[str, float]:
        """Return seconds by stage, up to now."""
        self.stage(self._now)
        return {stage: round(seconds, 4) for stage, seconds in self._spent.items()}


async def _nothing(*_: object) -> None:
    """Answer a cell that is there to see what it costs to ask."""


def _cells_own(error: OutsideError) -> bool:
    """Whether the trouble is of the cell, wherever it is answered, rather than of this worker."""
    return isinstance(error, AstrayError) or (isinstance(error, AbortedError) and not error.broker)
