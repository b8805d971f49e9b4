"""The RabbitMQ that all probes of a run share: booted once, replaced when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from bisector import rabbitmq
from bisector.errors import OutsideError
from bisector.tasks import to_its_end

DEATHS = 3
"""How many times a node may die before that is more than an accident."""
RETURN = 10.0
"""Seconds that a user's broker is given to come back; a restart takes it 3-5."""


@dataclass(frozen=True)
class Lease:
    """A broker in use, and a connection that notices should it go away meanwhile."""

    server: rabbitmq.Server
    watch: rabbitmq.Watch

    @property
    def sound(self) -> bool:
        """Whether it has been there all the time, as far as one sees without asking it."""
        return self.server.running() and not self.watch.lost

    async def control(self) -> float:
        """Publish through plain aio-pika; returns seconds (0 where a program needs no broker).

        Raises:
            BrokerError: it does not answer.
        """
        return await rabbitmq.control(self.server.url) if self.server.url else 0.0

    async def trouble(self) -> str | None:
        """Say why nothing that was just observed beside this broker counts; None: all is well.

        Asks a plain aio-pika control, so that a probe is never blamed for its broker.
        """
        if not self.server.running():
            return "the RabbitMQ node died"
        try:
            await self.control()
        except rabbitmq.BrokerError as error:
            return str(error)
        return "RabbitMQ went away and came back" if self.watch.lost else None


class Broker:
    """Gives out leases on a RabbitMQ that answers; `async with` stops it in the end."""

    def __init__(self, source: rabbitmq.Source, note: Callable[[str], None]) -> None:
        self._source, self._note = source, note
        self._changing = asyncio.Lock()
        self._lease: Lease | None = None
        self._stack = contextlib.AsyncExitStack()
        self._deaths = 0
        self._computing = 0
        self._room = asyncio.Condition()

    @property
    def source(self) -> str:
        """Where this RabbitMQ comes from, in words."""
        return self._source.source

    @property
    def private(self) -> bool:
        """Whether it is a node of our own."""
        return self._source.private

    @property
    def isolates(self) -> bool:
        """Whether each probe can have a virtual host to itself."""
        return self._source.isolates

    async def lease(self) -> Lease:
        """Return a lease on a healthy broker, starting one where there is none.

        Raises:
            OutsideError: it cannot be had.
        """
        async with self._changing:
            if self._lease is None or not self._lease.sound:
                await self._renew()
                async with self._room:
                    self._room.notify_all()
            assert self._lease is not None
            return self._lease

    @contextlib.asynccontextmanager
    async def room(self) -> AsyncIterator[None]:
        """Do what does nothing but compute: as much of it at a time as there are processors.

        Side by side on one processor all are done late; in turns the first is done early.  While
        RabbitMQ boots, which all wait for, it has a processor to itself.
        """
        async with self._room:
            await self._room.wait_for(lambda: self._computing < self._processors())
            self._computing += 1
        try:
            yield
        finally:
            self._computing -= 1
            async with self._room:
                self._room.notify_all()

    def _processors(self) -> int:
        booting = self._changing.locked() and self._source.private
        return max(1, (os.cpu_count() or 1) - booting)

    async def rest(self) -> None:
        """Stop it until the next lease, which starts another."""
        async with self._changing:
            self._lease = None
            await self._stack.aclose()

    async def _renew(self) -> None:
        gone, self._lease = self._lease, None
        if gone is not None:
            self._deaths += 1
            if self._deaths >= DEATHS:
                raise OutsideError(
                    f"RabbitMQ ({self._source.source}) went away {DEATHS} times:"
                    " something ends it, look at the memory and the disk"
                )
            again = "starting another" if gone.server.private else "waiting for it"
            self._note(f"RabbitMQ went away: {again}")
        await self._stack.aclose()
        patience = asyncio.get_running_loop().time() + (RETURN if gone else 0)
        while True:
            try:
                server = await self._stack.enter_async_context(await self._source.start())
                watch = await self._stack.enter_async_context(rabbitmq.Watch(server.url))
            except rabbitmq.BrokerError:
                await self._stack.aclose()
                if asyncio.get_running_loop().time() > patience:
                    raise
                await asyncio.sleep(0.2)
            else:
                self._lease = Lease(server, watch)
                return

    async def __aenter__(self) -> Broker:
        return self

    async def __aexit__(self, *_: object) -> None:
        await to_its_end(self._stack.aclose())


@contextlib.asynccontextmanager
async def open_broker(
    note: Callable[[str], None], wanted: str | None = None, *, needed: bool = True
) -> AsyncIterator[tuple[Broker, str]]:
    """Find a RabbitMQ; yields it, not yet started, and its version.

    Args:
        wanted: the version that it has to be of (see `rabbitmq.find`).
        needed: whether any program can use it; else none is looked for.

    Raises:
        OutsideError: there is none and none can be brought.
        UserError: there is no such version.
    """
    source = await rabbitmq.find(note, wanted) if needed else rabbitmq.NONE
    async with Broker(source, note) as broker:
        version = source.version or (await broker.lease()).server.version
        yield broker, version
