"""Carries AMQP between a program and its RabbitMQ, and knows what the two said to each other.

A program as it was pasted dials some address as some user; behind the relay that is the virtual
host that its probe has to itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from pamqp import commands, frame
from pamqp.exceptions import PAMQPException

PORT = 5672
"""Where AMQP is by default: `RabbitBroker()` means guest at localhost:5672."""
METHOD, HEARTBEAT = 1, 8
"""Types of AMQP frames (AMQP 0-9-1, section 4.2.3)."""
# What is looked into, by class and method number; all else is only carried.
_OPEN_OK, _CLOSE, _CHANNEL_CLOSE = (10, 41), (10, 50), (20, 40)
_SEEN = ((10, 11), (10, 40), (50, 10), (40, 10))  # start-ok, open, queue.declare, exchange.declare
_CHUNK = 65536
_KEPT = 20
"""Complaints of RabbitMQ's that are kept for each probe."""


@dataclass(frozen=True)
class Identity:
    """Who may come to which virtual host, as the program knows it."""

    user: str
    password: str = field(repr=False)
    vhost: str

    @classmethod
    def of(cls, url: str) -> Identity:
        """Read it from an AMQP URL."""
        parts = urlsplit(url)
        return cls(
            unquote(parts.username or "guest"),
            unquote(parts.password or "guest"),
            unquote(parts.path[1:]) or "/",
        )


GUEST = Identity("guest", "guest", "/")


class Relay:
    """Carries what comes in on listening sockets to one RabbitMQ.

    `async with` ends it with all its connections.
    """

    def __init__(self, url: str, known: Sequence[Identity] = ()) -> None:
        """Take where to carry it.

        Args:
            url: of the RabbitMQ, with the virtual host.
            known: identities that stand for the URL's own; all others are carried as they are.
        """
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "localhost", parts.port or PORT
        self._own, self._known = Identity.of(url), known
        self._servers: list[asyncio.Server] = []
        self._carrying: set[asyncio.Task[None]] = set()
        self.heard = time.monotonic()
        """When the program last said something other than a heartbeat, by `time.monotonic`."""
        self.opened = 0
        """How many connections were let in."""
        self.complaints: list[str] = []
        """Why RabbitMQ closed channels and connections: `404 NOT_FOUND - no exchange ...`."""
        self.denied: list[str] = []
        """Likewise, for connections that it did not let in."""
        self.recognised = False
        """Whether the program came as somebody who is known, to whichever virtual host."""
        self.declared: set[tuple[str, str]] = set()
        """What the program declared that may stay: (`queue` or `exchange`, its name)."""

    async def listen(self, *sockets: Any) -> None:
        """Take connections from sockets that listen already."""
        for each in sockets:
            self._servers.append(await asyncio.start_server(self._accept, sock=each))

    async def open_port(self, port: int = 0) -> int:
        """Take connections at a port of 127.0.0.1, any one by default; returns it.

        Raises:
            OSError: the port is taken.
        """
        server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Relay:
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        try:
            await self._carry(reader, writer)
        except OSError:
            pass  # one of the two has gone
        finally:
            self._carrying.discard(task)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream = await asyncio.open_connection(self._host, self._port)
        connection = _Connection()
        ways = [
            asyncio.ensure_future(self._to_rabbitmq(reader, upstream, connection)),
            asyncio.ensure_future(self._to_program(upstream_reader, writer, connection)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            # Whoever hung up, the other may still have words on the way.
            await asyncio.wait(ways, timeout=0.2)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            upstream.close()

    async def _to_rabbitmq(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        connection: _Connection,
    ) -> None:
        writer.write(await reader.readexactly(8))  # the protocol's name and version
        frames = _Frames()
        while chunk := await reader.read(_CHUNK):
            for kind, method, raw in frames.feed(chunk):
                if kind != HEARTBEAT:
                    self.heard = time.monotonic()
                writer.write(self._as_ours(raw, connection) if method in _SEEN else raw)
            await writer.drain()
        writer.write_eof()

    async def _to_program(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        connection: _Connection,
    ) -> None:
        frames = _Frames()
        while chunk := await reader.read(_CHUNK):
            for _, method, raw in frames.feed(chunk):
                if method == _OPEN_OK:
                    connection.let_in = True
                    self.opened += 1
                elif method in (_CLOSE, _CHANNEL_CLOSE):
                    told: Any = _decoded(raw)
                    where = self.complaints if connection.let_in else self.denied
                    if told is not None and told.reply_code != 200 and len(where) < _KEPT:
                        where.append(f"{told.reply_code} {told.reply_text}")
                writer.write(raw)
            await writer.drain()
        if not connection.let_in and connection.user and len(self.denied) < _KEPT:
            self.denied.append(f"RabbitMQ hung up on user {connection.user!r}")
        writer.write_eof()

    def _as_ours(self, raw: bytes, connection: _Connection) -> bytes:
        """What RabbitMQ gets for a frame: who is known comes as our user, to our virtual host."""
        told = _decoded(raw)
        if isinstance(told, commands.Connection.StartOk):
            _, user, password = [*str(told.response).split("\0"), "", ""][:3]
            connection.user, connection.password = user, password
            if any((known.user, known.password) == (user, password) for known in self._known):
                self.recognised = True
                told.response = f"\0{self._own.user}\0{self._own.password}"
                return frame.marshal(told, 0)
        elif isinstance(told, commands.Connection.Open):
            if Identity(connection.user, connection.password, told.virtual_host) in self._known:
                told.virtual_host = self._own.vhost
                return frame.marshal(told, 0)
        elif isinstance(told, commands.Queue.Declare) and told.queue and not told.exclusive:
            self.declared.add(("queue", told.queue))
        elif isinstance(told, commands.Exchange.Declare):
            self.declared.add(("exchange", told.exchange))
        return raw


@dataclass
class _Connection:
    """What is known of one connection."""

    user: str = ""
    password: str = field(default="", repr=False)
    let_in: bool = False


class _Frames:
    """Cuts a stream of bytes into AMQP frames."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[tuple[int, tuple[int, int] | None, bytes]]:
        """Yield each frame that is whole now: its type, its class and method, and all of it."""
        data = self._rest + chunk if self._rest else chunk
        at = 0
        while len(data) - at >= 8:
            kind, _channel, size = struct.unpack_from(">BHI", data, at)
            end = at + 7 + size + 1
            if kind == 65:  # `AMQP`, another version's name: the answer to what is none
                end = len(data)
            if end > len(data):
                break
            method = None
            if kind == METHOD and size >= 4:
                number: tuple[int, int] = struct.unpack_from(">HH", data, at + 7)
                method = number
            yield kind, method, data[at:end]
            at = end
        self._rest = data[at:]


def _decoded(raw: bytes) -> Any:
    with contextlib.suppress(PAMQPException, ValueError, struct.error):
        return frame.unmarshal(raw)[2]
    return None
