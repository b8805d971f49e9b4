"""The surroundings of one probe of a user's program, made before it and removed after it."""

from __future__ import annotations

import array
import asyncio
import contextlib
import functools
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bisector.errors import OutsideError
from bisector.isolation.files import Files
from bisector.isolation.needs import Needs
from bisector.isolation.relay import PORT, Identity, Relay
from bisector.processes.process import LEASH
from bisector.rabbitmq import Server

_READY_SECONDS = 10.0


@dataclass(frozen=True)
class Arrangement:
    """How far programs are kept apart on this machine."""

    namespace: bool = False
    """Whether each has a network namespace, where it finds its RabbitMQ at the default address."""
    ports: tuple[int, ...] = ()
    """Where else it finds it on this machine; without namespaces, by one program at a time."""


@dataclass(frozen=True)
class Sandbox:
    """What one probe has to itself."""

    variables: dict[str, str | None] = field(repr=False)
    """What it finds set: its broker, its folder for temporary files, what the needs say."""
    folder: Path
    """Where it runs: a copy of the program's folder, or that itself where it is too large."""
    relay: Relay | None
    """What carries its AMQP; None where it has to dial a user's RabbitMQ by TLS."""
    namespace: Namespace | None
    """Its network namespace, where it has one."""


class Namespace:
    """A network namespace that a program is about to be started in."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ours, self.theirs = socket.socketpair()
        self._ours.send(struct.pack(f">{len(ports)}H", *ports))
        self._ours.settimeout(_READY_SECONDS)

    def sockets(self) -> list[socket.socket]:
        """Wait for the sockets that listen inside.

        Raises:
            OSError: it could not be made; the program's output says why.
        """
        self.theirs.close()
        room = array.array("i").itemsize * 64
        message, ancillary, *_ = self._ours.recvmsg(1, socket.CMSG_SPACE(room))
        if not message:
            raise OSError("no network namespace")
        numbers = array.array("i")
        for _, _, data in ancillary:
            numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
        return [socket.socket(fileno=number) for number in numbers]

    def close(self) -> None:
        """Let go of what the kernel holds for it."""
        self._ours.close()
        self.theirs.close()


@functools.cache
def namespaces() -> bool:
    """Whether the kernel lets us make a network namespace; tried once, 60 ms."""
    if sys.platform != "linux":
        return False
    with contextlib.closing(Namespace([PORT])) as tried:
        inner = tried.theirs.fileno()
        with subprocess.Popen(
            [sys.executable, "-I", "-S", LEASH, str(inner), "true"],
            pass_fds=[inner],
            stdin=subprocess.PIPE,  # its end would end it
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            return process.wait() == 0


@contextlib.asynccontextmanager
async def prepare(
    server: Server, files: Files, needs: Needs, arrangement: Arrangement, scratch: Path
) -> AsyncIterator[Sandbox]:
    """Make what a probe has to itself.

    Args:
        server: the broker as this probe is to see it.
        scratch: an empty folder for it.

    Raises:
        BrokerError: RabbitMQ went away.
        OutsideError: the address that it dials is taken, or the disk is full.
    """
    folder = files.folder
    if files.names is not None:
        folder = scratch / "run" / files.folder.name
        await asyncio.to_thread(files.copy, folder)
    temporary = scratch / "tmp"
    temporary.mkdir()
    await needs.declare_at(server)
    async with contextlib.AsyncExitStack() as stack:
        relay = inner = None
        url = server.url
        if urlsplit(url).scheme == "amqp":
            own = Identity.of(url)
            as_root = Identity(own.user, own.password, "/")
            known = [as_root, *needs.identities()] if server.private else []
            relay = await stack.enter_async_context(Relay(url, known))
            port = urlsplit(url).port or PORT
            if arrangement.namespace:
                inner = Namespace(sorted({PORT, port, *arrangement.ports}))
                stack.callback(inner.close)
            else:
                for wanted in arrangement.ports:
                    await _take(relay, wanted)
                port = await relay.open_port()
            url = _url(as_root, port) if server.private else _moved(url, port)
        others = {} if inner else server.others
        yield Sandbox(
            {"AMQP_URL": url or None, **others, "TMPDIR": str(temporary), **needs.variables(url)},
            folder,
            relay,
            inner,
        )


async def _take(relay: Relay, port: int) -> None:
    """Listen where the program dials, on this machine itself."""
    try:
        await relay.open_port(port)
    except OSError:
        raise OutsideError(
            f"something listens at 127.0.0.1:{port} already, which is left alone: stop it, or give"
            " the program its RabbitMQ under a name that it reads (AMQP_URL, or --url-as NAME)"
        ) from None


def listens(port: int) -> bool:
    """Whether anybody takes connections at a port of this machine's loopback."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _url(who: Identity, port: int) -> str:
    return f"amqp://{who.user}:{who.password}@127.0.0.1:{port}/"


def _moved(url: str, port: int) -> str:
    """A user's URL with another host and port."""
    parts = urlsplit(url)
    credentials = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}".lstrip("@")))
