"""Runs situations in a release: many beside each other, each in a process and place of its own."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aio_pika
from aio_pika.exceptions import AMQPException

from bisector import ROOT
from bisector.changes import traces
from bisector.changes.traces import NAME, Run, Told, Trace
from bisector.environments.building import surroundings
from bisector.environments.recipes import Environment
from bisector.errors import OutsideError
from bisector.processes import process
from bisector.rabbitmq import BrokerError
from bisector.rabbitmq.broker import Broker, Lease

SECONDS = 5.0
"""After which a situation that has not ended hangs; its own waits end long before."""
START_SECONDS = 60.0
ATTEMPTS = 3
"""How many times a situation is run before trouble with RabbitMQ stops it all."""
LINE = 1 << 24
ZONE = "TEST-05:30"
"""The time zone of all situations: where clocks show UTC, what forgets zones goes unseen."""
_COUNT = itertools.count()


class UnimportableError(Exception):
    """The release does not import; the text says why."""


@dataclass
class Runner:
    """One release, ready to run situations."""

    name: str
    _broker: Broker
    _writer: asyncio.StreamWriter
    _cleaner: _Cleaner
    _slots: asyncio.Semaphore
    functions: list[tuple[str, str]] = field(default_factory=list)
    """Of the release, by number; empty where it is not seen which of them a program calls."""
    _running: dict[int, tuple[list[Told], asyncio.Future[dict[str, Any]]]] = field(
        default_factory=dict
    )

    async def trace(self, text: str, seconds: float = SECONDS) -> Trace:
        """Run a program's text, and return what it showed; raises like `run`."""
        told = await self.run(text, seconds)
        return traces.trace(told, (await self._broker.lease()).server.variables.values())

    async def run(self, text: str, seconds: float = SECONDS) -> Run:
        """Run a program's text, with names of its own, and see what it leaves on RabbitMQ.

        Raises:
            OutsideError: RabbitMQ went away, time and again, or the runner did.
        """
        for _ in range(ATTEMPTS):
            async with self._slots:
                lease = await self._broker.lease()
                number = next(_COUNT)
                place = f"{NAME}{number:05x}x"  # of one length: columns of logs are as wide
                events, end = await self._ask(
                    number, text.replace(NAME, place), lease.server.variables, seconds
                )
                with contextlib.suppress(Exception):  # RabbitMQ's; whether it is well is seen next
                    events += await self._cleaner.clean(lease, events)
                if lease.sound:
                    return Run(events, end["end"], end["output"], place)
        raise _lost()

    async def ends(self, text: str, seconds: float) -> int:
        """Run a program as a probe is run, where it has a virtual host to itself: its exit code.

        Raises:
            OutsideError: RabbitMQ went away, time and again, or the runner did.
        """
        for _ in range(ATTEMPTS):
            async with self._slots:
                lease = await self._broker.lease()
                with contextlib.suppress(BrokerError):
                    async with lease.server.alone() as server:
                        number = next(_COUNT)
                        own = (
                            text if server.isolates else text.replace(NAME, f"{NAME}{number:05x}x")
                        )
                        _, end = await self._ask(number, own, server.variables, seconds)
                    if lease.sound:
                        return int(end["end"])
        raise _lost()

    async def _ask(
        self, number: int, text: str, environ: Mapping[str, str], seconds: float
    ) -> tuple[list[Told], dict[str, Any]]:
        events: list[Told] = []
        ended: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._running[number] = events, ended
        variables = {**environ, "TZ": ZONE}
        task = {"id": number, "text": text, "environ": variables, "seconds": seconds}
        try:
            self._writer.write(json.dumps(task).encode() + b"\n")
            await self._writer.drain()
            return events, await ended
        except ConnectionError:
            raise _gone(self.name) from None
        finally:
            del self._running[number]

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Hand out what the runner tells, until it ends."""
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                told = json.loads(line)
                if told["id"] not in self._running:
                    continue
                events, ended = self._running[told["id"]]
                if "event" in told:
                    events.append(told["event"])
                elif not ended.done():
                    ended.set_result(told)
        for _, ended in self._running.values():
            if not ended.done():
                ended.set_exception(_gone(self.name))


def _lost() -> OutsideError:
    return OutsideError(
        f"RabbitMQ went away {ATTEMPTS} times while a situation ran: see that it stays up"
    )


def _gone(name: str) -> OutsideError:
    return OutsideError(f"what runs the situations in {name} ended: memory, perhaps")


@contextlib.asynccontextmanager
async def runner(
    name: str,
    environment: Environment,
    broker: Broker,
    jobs: int,
    before: Sequence[Path] = (),
    *,
    reach: bool = False,
) -> AsyncIterator[Runner]:
    """Start what runs situations in an installed release, up to `jobs` at a time.

    Args:
        before: folders to import from before the release's own.
        reach: whether it is seen which functions a program calls.

    Raises:
        UnimportableError: the release does not import.
        OutsideError: it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="bisector-"))
    arrived: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    arrived = asyncio.get_running_loop().create_future()

    def arrive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set_result((reader, writer))

    try:
        path = folder / "socket"
        server = await asyncio.start_unix_server(arrive, path, limit=LINE)
        command: list[str | Path] = [
            environment.interpreter,
            "-m",
            "benchmarks.situations.runner",
            path,
            *(["reach"] if reach else []),
        ]
        environ: dict[str, str | None] = {
            **surroundings(environment),
            "PYTHONPATH": os.pathsep.join(map(str, (*before, ROOT))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",  # or sets had an order of their own on each side, in every run
        }
        async with server, process.start(command, environ, cwd=folder) as running:
            ended = asyncio.ensure_future(running.wait(START_SECONDS))
            either: set[asyncio.Future[Any]] = {arrived, ended}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not arrived.done():
                raise OutsideError(f"{name} runs no situations", running.output)
            ended.cancel()
            reader, writer = arrived.result()
            first = json.loads(await reader.readline() or b"{}")
            if "unimportable" in first:
                raise UnimportableError(first["unimportable"])
            if "ready" not in first:
                raise OutsideError(f"{name} runs no situations", running.output)
            async with _Cleaner() as cleaner:
                slots = asyncio.Semaphore(jobs)
                functions = [(path, name) for path, name in first["functions"]]
                made = Runner(name, broker, writer, cleaner, slots, functions)
                reading = asyncio.ensure_future(made._read(reader))
                try:
                    yield made
                finally:
                    reading.cancel()
                    writer.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Cleaner:
    """Sees what a situation left on RabbitMQ, and removes it."""

    def __init__(self) -> None:
        self._stack = contextlib.AsyncExitStack()
        self._lease: Lease | None = None
        self._connection: aio_pika.abc.AbstractConnection | None = None
        self._idle: list[aio_pika.abc.AbstractChannel] = []
        self._lock = asyncio.Lock()

    async def clean(self, lease: Lease, events: list[Told]) -> list[Told]:
        """Return `left` events; raises what aio-pika raises."""
        queues = _declared(events, "Queue.Declare", "queue")
        exchanges = _declared(events, "Exchange.Declare", "exchange")
        if not queues and not exchanges:
            return []
        if not any(e[:2] == ["sent", "Connection.Close"] for e in events):
            await asyncio.sleep(0.05)  # until RabbitMQ sees that the other side has gone
        connection = await self._connected(lease)
        left: list[Told] = []
        channel = await self._channel(connection)
        for name in queues:
            try:
                queue = await channel.declare_queue(name, passive=True)
            except AMQPException:  # not there; that closes the channel
                channel = await connection.channel()
                continue
            count = queue.declaration_result.message_count
            left.append(["left", name, {"messages": str(count)}])
            await channel.queue_delete(name)
        for name in exchanges:
            await channel.exchange_delete(name)
        self._idle.append(channel)  # to open one costs RabbitMQ more than all this
        return left

    async def _channel(
        self, connection: aio_pika.abc.AbstractConnection
    ) -> aio_pika.abc.AbstractChannel:
        while self._idle:
            channel = self._idle.pop()
            if not channel.is_closed:
                return channel
        made: aio_pika.abc.AbstractChannel = await connection.channel()
        return made

    async def _connected(self, lease: Lease) -> aio_pika.abc.AbstractConnection:
        async with self._lock:
            if self._lease is not lease or self._connection is None or self._connection.is_closed:
                self._lease, self._idle = lease, []
                self._connection = await aio_pika.connect(lease.server.url)
            return self._connection

    async def __aenter__(self) -> _Cleaner:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._connection.close(), 1)


def _declared(events: list[Told], method: str, field_: str) -> list[str]:
    """The names of what was declared, as they stand on the wire; RabbitMQ's own are no one's."""
    found = [e[2][field_].strip("'") for e in events if e[:2] == ["sent", method]]
    return [name for name in dict.fromkeys(found) if name.startswith(NAME)]
