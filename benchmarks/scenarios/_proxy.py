"""A TCP proxy before RabbitMQ: it sees how a release connects and closes, and can cut it off."""

from __future__ import annotations

import asyncio
import struct
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.scenarios._common import ABORT, EarlyError, Observation

# Methods of AMQP 0-9-1: (class id, method id)
CONNECTION_OPEN_OK = (10, 41)
CONNECTION_CLOSE = (10, 50)
CONNECTION_CLOSE_OK = (10, 51)
CHANNEL_OPEN = (20, 10)
CHANNEL_CLOSE = (20, 40)
END = (0, 0)  # not a method: the end of one side's TCP stream

CLIENT, SERVER = "client", "server"
_PROTOCOL_HEADER = 8  # bytes that a client sends before its first frame
_FRAME_HEADER = struct.Struct(">BHI")  # type, channel, size of the payload; an end octet follows
_METHOD_FRAME = 1


class Event(NamedTuple):
    """A method that `side` sent on `channel`, or its END."""

    side: str
    method: tuple[int, int]
    channel: int = 0


class Link:
    """One connection through the proxy, and what went over it, in order."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Event()

    def add(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    async def until(self, event: Event) -> None:
        """Wait for an event."""
        while event not in self.events:
            self._changed.clear()
            await self._changed.wait()


class Proxy:
    """Listens on a loopback port of its own and passes everything on to the RabbitMQ at `url`.

    After `listen`, `url` is the same URL with the proxy's address; `links` are the connections so
    far, oldest first. Connection.CloseOk is passed on `close_ok_delay` seconds late, as on a slow
    network: who waits for it is told from who is lucky.
    """

    def __init__(self, url: str, close_ok_delay: float = 0.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "amqp":
            need = (
                f"this scenario reads AMQP frames and needs an amqp:// URL, not {parts.scheme}://"
            )
            raise EarlyError(Observation(ABORT, "no plain AMQP", need, {}))
        self._parts = parts
        self._target = (parts.hostname or "", parts.port or 5672)
        self._server: asyncio.AbstractServer | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._port = 0
        self._close_ok_delay = close_ok_delay
        self.links: list[Link] = []

    @property
    def url(self) -> str:
        login = self._parts.netloc.rpartition("@")[0]
        place = f"127.0.0.1:{self._port}"
        return self._parts._replace(netloc=f"{login}@{place}" if login else place).geturl()

    async def listen(self) -> None:
        """Listen; after `cut`, on the same port again."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._server, self._port = server, server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Break all connections and refuse new ones, as a RabbitMQ that died does."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        link = Link()
        self.links.append(link)
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers.append(far_writer)
        await asyncio.gather(
            self._pass_on(reader, far_writer, link, CLIENT, _PROTOCOL_HEADER),
            self._pass_on(far_reader, writer, link, SERVER, 0),
        )

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        link: Link,
        side: str,
        skip: int,
    ) -> None:
        """Copy one direction to its end, noting the methods; `skip` bytes precede the frames."""
        unread = b""
        try:
            while True:
                data = await reader.read(65536)
                if not data:
                    break
                unread += data
                while len(unread) >= skip + _FRAME_HEADER.size:
                    kind, channel, size = _FRAME_HEADER.unpack_from(unread, skip)
                    payload = skip + _FRAME_HEADER.size
                    if len(unread) <= payload + size:
                        break
                    if kind == _METHOD_FRAME:
                        class_id, method_id = struct.unpack_from(">HH", unread, payload)
                        if (class_id, method_id) == CONNECTION_CLOSE_OK:
                            await asyncio.sleep(self._close_ok_delay)
                        link.add(Event(side, (class_id, method_id), channel))
                    unread, skip = unread[payload + size + 1 :], 0
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        link.add(Event(side, END))
        writer.close()
