"""What differs between FastStream's releases, in one place.

Everything takes and gives FastStream's own objects, as ``Any``: their types differ between
releases. FastStream is imported inside the functions, so that this module imports where
FastStream does not.
"""

from __future__ import annotations

import importlib
import inspect
import logging
from typing import Any, Awaitable, Callable


class NotImportableError(Exception):
    """The release does not import; the text is the reason, in one line."""


def rabbit() -> Any:
    """The module ``faststream.rabbit``.

    Raises NotImportableError when the release fails to import, and ModuleNotFoundError when
    FastStream is not installed at all: that is no property of a release.
    """
    try:
        return importlib.import_module("faststream.rabbit")
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "faststream":
            raise
        text = (str(error).strip() or type(error).__name__).splitlines()[0]
        kind = "" if isinstance(error, ImportError) else f"{type(error).__name__}: "
        raise NotImportableError(f"does not import: {kind}{text}") from error


def quiet() -> None:
    """Silence the client libraries: robust connections log every retry, with a traceback."""
    for name in ("aio_pika", "aiormq", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def make_broker(url: str) -> Any:
    """A RabbitBroker that is not connected yet and does not log."""
    return rabbit().RabbitBroker(url, logger=None)


async def connect(broker: Any, url: str) -> None:
    """Connect without consuming.

    Some 0.1 releases forget the URL given to the constructor and take it here; since 0.6
    `connect` takes none.
    """
    if inspect.signature(broker.connect).parameters:
        await broker.connect(url)
    else:
        await broker.connect()


async def start(broker: Any, url: str) -> None:
    """Connect and consume."""
    await connect(broker, url)
    await broker.start()


async def close(broker: Any) -> None:
    """Close: `stop` where there is one (0.5.44 brought it, 0.7.0rc0 removed `close`)."""
    await (broker.stop() if hasattr(broker, "stop") else broker.close())


def make_exchange(name: str) -> Any:
    """A direct exchange that is neither durable nor kept when its last queue goes.

    Declared like this beforehand it serves both the old releases, where publishing declares it
    actively (up to 0.2.3), and the others, which declare it passively.
    """
    return rabbit().RabbitExchange(name, durable=False, auto_delete=True)


def make_queue(name: str, **options: Any) -> Any:
    """A queue; `options` are those that every release knows: durable, exclusive,
    auto_delete, arguments.
    """
    return rabbit().RabbitQueue(name, **options)


def subscribe(broker: Any, queue: Any, receive: Callable[[Any], Awaitable[Any]]) -> None:
    """Consume `queue` (a RabbitQueue); `receive` gets every decoded body. Before `start`.

    What `receive` returns is the reply, where the message asks for one.
    """

    async def handle(body: Any) -> Any:
        return await receive(body)

    broker.subscriber(queue)(handle)


def requeue() -> Exception:
    """What a handler raises to have RabbitMQ deliver its message again."""
    return importlib.import_module("faststream.exceptions").NackMessage()  # type: ignore[no-any-return]


async def publish(broker: Any, body: str, *, exchange: Any, routing_key: str) -> None:
    """Publish to `exchange` (a RabbitExchange) and wait for the publisher confirm."""
    await broker.publish(body, exchange=exchange, routing_key=routing_key)


async def request(broker: Any, body: Any, queue: str) -> Any:
    """Publish to `queue` and return the reply's body: by `request`, or `rpc=True` before 0.5.19."""
    if hasattr(broker, "request"):
        return await (await broker.request(body, queue)).decode()
    return await broker.publish(body, queue, rpc=True, raise_timeout=True)
