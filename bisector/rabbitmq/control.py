"""Is the broker itself well? Asked through plain aio-pika, with no FastStream in between."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time
import uuid
from collections.abc import Coroutine, Iterator
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import aio_pika
from aio_pika.exceptions import (
    AuthenticationError,
    ConnectionClosed,
    IncompatibleProtocolError,
    InvalidFrameError,
    ProbableAuthenticationError,
    ProtocolSyntaxError,
)
from pamqp.exceptions import PAMQPException

from .server import BrokerError

# What these two log, errors and all, comes back to our callers as one `BrokerError`.
for _name in ("aio_pika", "aiormq"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False

T = TypeVar("T")

_PORTS = {"amqp": 5672, "amqps": 5671}
_EXAMPLE = "amqp://user:password@host:5672/vhost, with special characters %-encoded"


async def control(url: str, timeout: float = 5.0) -> float:
    """Publish one message, confirmed by the broker, to an exchange of its own; returns seconds.

    Raises `BrokerError` with one line that tells what is wrong: URL, host, TLS, protocol,
    credentials, virtual host, or no answer within `timeout` seconds.
    """
    started = time.perf_counter()
    with _explained(url, timeout):
        await _bounded(_publish(url), timeout)
    return time.perf_counter() - started


async def version(url: str, timeout: float = 5.0) -> str:
    """The broker's version as it tells itself on connecting; raises like `control`."""

    async def ask() -> str:
        async with await aio_pika.connect(url) as connection:
            transport: Any = connection.transport
            return _text(transport.connection.server_properties.get("version", "unknown"))

    with _explained(url, timeout):
        return await _bounded(ask(), timeout)


class Watch:
    """One plain connection held open, to know whether the broker went away meanwhile.

        async with Watch(url) as watch:
            ...
            if watch.lost: ...

    `lost` turns True when the broker's side closes the connection, and stays so. Entering raises
    `BrokerError` like `control`.
    """

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        self.url, self.timeout = url, timeout
        self.lost = False
        self._closing = False

    async def __aenter__(self) -> Watch:
        if not self.url:  # there is none, nor need be
            return self
        with _explained(self.url, self.timeout):
            self._connection = await _bounded(aio_pika.connect(self.url), self.timeout)
        self._connection.close_callbacks.add(self._closed)
        return self

    def _closed(self, *_: object) -> None:
        self.lost = self.lost or not self._closing

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing = True
        if not self.url:
            return
        with contextlib.suppress(Exception):
            await _bounded(self._connection.close(), self.timeout)


async def _bounded(work: Coroutine[Any, Any, T], timeout: float) -> T:
    """`asyncio.wait_for`, but not held up by what the work does on being cancelled.

    A broker that has blocked us (its disk is full) does not let us delete and close either.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=timeout)
        if not task.done():
            raise TimeoutError
        return task.result()
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=0.1)


async def _publish(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.declare_exchange(f"control-{uuid.uuid4().hex}", auto_delete=True)
        try:
            # Not mandatory: no queue is bound, and the broker confirms it all the same.
            await exchange.publish(aio_pika.Message(b"control"), "", mandatory=False)
        finally:
            await exchange.delete()


@contextlib.contextmanager
def _explained(url: str, timeout: float) -> Iterator[None]:
    """Turn what aio-pika and below raise into one line; it never shows the password."""
    host, port, user, vhost, tls = _parse(url)
    at = f"{host}:{port}"
    try:
        yield
    except (asyncio.TimeoutError, TimeoutError) as error:
        raise BrokerError(
            f"no AMQP answer from {at} within {timeout:g} s; is RabbitMQ there, and not overloaded?"
        ) from error
    except Exception as error:
        chain, why = _causes(error), _words(error)

        def among(*kinds: type[BaseException]) -> bool:
            return any(isinstance(step, kinds) for step in chain)

        if among(ssl.SSLError) or (tls and among(FileNotFoundError)):
            line = f"TLS to {at} failed ({why}); check amqps://, the port and the certificate"
        elif among(socket.gaierror):
            line = f"there is no host {host!r} ({why}); check the host name"
        elif among(AuthenticationError, ProbableAuthenticationError):
            line = f"RabbitMQ at {at} refused the credentials of user {user!r}; check both"
        elif "vhost" in why or "OpenOk" in why:  # aiormq got something else than Connection.OpenOk
            line = f"RabbitMQ at {at} has no virtual host {vhost!r}, or not for user {user!r}"
        elif among(*_NOT_AMQP):
            line = (
                f"what listens at {at} does not speak AMQP 0-9-1, or hung up; check host and port"
            )
        elif isinstance(error, OSError) and not among(ConnectionClosed):
            line = f"nobody listens at {at}; start RabbitMQ there, or check host and port"
        else:
            line = f"RabbitMQ at {at} takes no message ({type(error).__name__}: {why}); see its log"
        raise BrokerError(line, details=repr(error)) from error


_NOT_AMQP = (
    PAMQPException,
    IncompatibleProtocolError,
    InvalidFrameError,
    ProtocolSyntaxError,
    asyncio.IncompleteReadError,
    ConnectionResetError,
    BrokenPipeError,
)


def _parse(url: str) -> tuple[str, int, str, str, bool]:
    """(host, port, user, vhost, is it TLS); the message of an error shows no part of the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        if not parts.hostname or ("@" in url and "@" not in parts.netloc):
            raise ValueError("no host, or an unquoted character in the password")
        aio_pika.connection.make_url(url)
    except (ValueError, KeyError, TypeError) as error:
        raise BrokerError(f"malformed AMQP URL; it should look like {_EXAMPLE}") from error
    vhost = unquote(parts.path[1:]) or "/"
    return parts.hostname, port, unquote(parts.username or "guest"), vhost, parts.scheme == "amqps"


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what led to it; exceptions may refer to each other in a circle."""
    chain: list[BaseException] = []
    step: BaseException | None = error
    while step and step not in chain:
        chain.append(step)
        step = step.__cause__ or step.__context__
    return chain


def _words(error: BaseException) -> str:
    """What went wrong, as the broker or the system put it, on one line."""
    told = [_text(argument) for argument in error.args if not isinstance(argument, int)]
    return " ".join(" ".join(told).split()) or type(error).__name__


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
