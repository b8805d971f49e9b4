"""Starts the program of a probe, beside a healthy broker, with what it is to have to itself."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bisector.environments.building import surroundings
from bisector.environments.recipes import Environment
from bisector.errors import OutsideError
from bisector.isolation import sandbox
from bisector.isolation.relay import Identity, Relay
from bisector.isolation.sandbox import Arrangement
from bisector.processes import process
from bisector.questions.ending import MATCHED, Rules
from bisector.questions.programs import SCENARIO_TIMEOUT, Program
from bisector.rabbitmq.broker import Broker, Lease

EARLY = "early.json"
"""Where a scenario writes what it thinks while it still waits."""
TOGETHER = Arrangement()
"""Kept apart by virtual hosts and files alone."""
POLL = 0.01
"""Seconds between two looks at whether a scenario has imported the release."""


@dataclass(frozen=True)
class Started:
    """A program that has started, and what was made for it."""

    process: process.Process
    lease: Lease
    report: Path
    """The file that a scenario reports to."""
    folder: Path
    """Where it runs."""
    secrets: tuple[str, ...]
    """URLs that it knows."""
    relay: Relay | None = None
    vhost: str = ""
    """What it knows as `/`."""

    def heard(self) -> float:
        """When RabbitMQ last heard from it, as far as that is seen."""
        return self.relay.heard if self.relay else 0.0


@contextlib.asynccontextmanager
async def started(
    command: Sequence[str],
    environment: Environment,
    program: Program,
    broker: Broker,
    rules: Rules,
    arrangement: Arrangement,
    *,
    early: bool,
) -> AsyncIterator[Started]:
    """Start the program beside a healthy broker; a user's has a virtual host of its own there.

    Raises:
        BrokerError: the broker went away meanwhile.
    """
    with tempfile.TemporaryDirectory(prefix="bisector-", ignore_cleanup_errors=True) as folder:
        if program.builtin:
            start = _start_scenario(
                command, environment, program, broker, Path(folder), early=early
            )
        else:
            start = _start_program(
                command, environment, program, broker, rules, arrangement, Path(folder)
            )
        async with start as made:
            yield made


@contextlib.asynccontextmanager
async def _start_scenario(
    command: Sequence[str],
    environment: Environment,
    program: Program,
    broker: Broker,
    scratch: Path,
    *,
    early: bool,
) -> AsyncIterator[Started]:
    """Let it import the release while RabbitMQ boots; a pipe tells it when that is up."""
    report, pipe = scratch / "report.json", scratch / "broker"
    os.mkfifo(pipe)
    told = {"PROBE_REPORT": str(report), "PROBE_BROKER": str(pipe)}
    told |= {"PROBE_EARLY": str(report.with_name(EARLY))} if early else {}
    async with contextlib.AsyncExitStack() as stack:
        async with broker.room():
            start = process.start(command, surroundings(environment) | told)
            running = await stack.enter_async_context(start)
            if asked := await _asked(pipe, running):
                stack.enter_context(asked)
        lease = await broker.lease()
        # Scenarios share a virtual host: their names are unique and nothing of theirs stays, while
        # making one takes RabbitMQ as long as it takes a scenario to connect.
        variables = lease.server.variables
        if asked:
            with contextlib.suppress(BrokenPipeError):  # it has ended meanwhile, as will be seen
                asked.write(json.dumps(variables).encode() + b"\n")
        yield Started(running, lease, report, program.folder, tuple(variables.values()))


async def _asked(pipe: Path, running: process.Process) -> BinaryIO | None:
    """Wait until a scenario asks where RabbitMQ is; returns the pipe, to answer.

    None: it ended before, or had time enough.
    """
    while running.seconds < SCENARIO_TIMEOUT:
        try:
            return os.fdopen(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK), "wb", buffering=0)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads yet
                raise
        if await running.wait(POLL) is not None:
            break
    return None


@contextlib.asynccontextmanager
async def _start_program(
    command: Sequence[str],
    environment: Environment,
    program: Program,
    broker: Broker,
    rules: Rules,
    arrangement: Arrangement,
    scratch: Path,
) -> AsyncIterator[Started]:
    """Give it surroundings in which it disturbs nobody, and nobody it."""
    assert program.files is not None
    lease = await broker.lease()
    async with (
        lease.server.alone() as server,
        sandbox.prepare(server, program.files, program.needs, arrangement, scratch) as made,
    ):
        environ = {
            **surroundings(environment),
            "PYTHONFAULTHANDLER": "1",  # where it hangs, should it not even hear SIGINT
            **made.variables,
        }
        kept = MATCHED if rules.match or rules.until else process.KEPT
        inner = made.namespace
        moved = program.moved(command, made.folder)
        async with process.start(
            moved, environ, made.folder, kept, inner.theirs if inner else None
        ) as running:
            if inner and made.relay:
                try:
                    await made.relay.listen(*await asyncio.to_thread(inner.sockets))
                except OSError as error:
                    raise OutsideError(
                        "a probe got no network namespace", running.output
                    ) from error
            vhost = Identity.of(server.url).vhost if lease.server.isolates else ""
            secrets = tuple({*server.variables.values(), str(made.variables["AMQP_URL"])})
            yield Started(running, lease, scratch / "none", made.folder, secrets, made.relay, vhost)
