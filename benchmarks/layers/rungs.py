"""A rung of the ladder: a client, made of what the rung's description says.

A description is an object of JSON; all but its name may be left out::

    {"name": "model", "plain": false, "body": "model", "size": 1024, "depends": true,
     "middlewares": ["nothing", "prometheus"], "ack": "manual", "prefetch": 1}

`plain` is aio-pika without FastStream.
"""

import asyncio
import importlib
import inspect
import re
import time
import uuid
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from benchmarks import compat, consume
from benchmarks._measure import Plain
from benchmarks.layers import bodies, middlewares


class LeftOutError(Exception):
    """The release does not have that rung; the text is the reason, in one line."""


class Rung(NamedTuple):
    """What is measured."""

    name: str
    plain: bool = False
    body: str = "bytes"
    size: int = 1024
    depends: bool = False
    middlewares: List[str] = []  # noqa: RUF012  # of a tuple, and never changed
    ack: str = ""
    """manual: the handler does it; first: before the handler; else FastStream, after it."""
    prefetch: int = 0
    """How many messages RabbitMQ sends ahead; 0: all there are."""


class Inbox:
    """What a handler gets, and what is to be known of it."""

    def __init__(self, number: Callable[[Any], int]) -> None:
        self._number = number
        self.take: Callable[[Any], None] = lambda _body: None
        """What a handler calls with each body."""
        self.times: List[float] = []
        self.cpu: List[float] = []
        self.arrived: Dict[int, float] = {}

    @property
    def came(self) -> int:
        """How many have come so far."""
        return max(len(self.times), len(self.arrived))

    def count(self, many: int) -> "asyncio.Future[None]":
        """Take the time of each of so many; the future is there with the last one."""
        times, cpu = self._anew()
        full = self._full

        def take(_body: Any) -> None:
            times.append(time.perf_counter())
            here = len(times)
            if here in (1, many):
                cpu.append(time.process_time())
                if here == many:
                    full.set_result(None)

        self.take = take
        return full

    def number(self, many: int) -> "asyncio.Future[None]":
        """Take the time of each of so many by its number."""
        self._anew()
        arrived, number, full = self.arrived, self._number, self._full

        def take(body: Any) -> None:
            arrived[number(body)] = time.perf_counter()
            if len(arrived) == many and not full.done():
                full.set_result(None)

        self.take = take
        return full

    def ignore(self) -> None:
        """Take nothing down."""
        self.take = lambda _body: None

    def _anew(self) -> "Tuple[List[float], List[float]]":
        self.times, self.cpu, self.arrived = [], [], {}
        self._full: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        return self.times, self.cpu


class Client:
    """One rung in one direction, open."""

    def __init__(self, rung: Rung, plain: Plain, url: str) -> None:
        self.rung, self.plain, self._url = rung, plain, url
        self.queue = f"{plain.name}-{re.sub('[^a-z0-9]+', '-', rung.name.lower())}"
        try:
            self.body = bodies.of(rung.body, rung.size)
            self.made = [middlewares.make(name) for name in rung.middlewares]
        except compat.NotImportableError:
            raise
        except Exception as error:
            raise LeftOutError(_line(error)) from error
        self.inbox = Inbox(self.body.number)
        self._broker: Any = None

    async def close(self) -> None:
        """Close its broker, where it has one."""
        if self._broker is not None:
            broker, self._broker = self._broker, None
            await compat.close(broker)

    def check(self) -> None:
        """Raise LeftOutError where one of its middlewares is never called."""
        for name, made in zip(self.rung.middlewares, self.made):
            if not made.called():
                raise LeftOutError(f"the broker's middleware is never called ({name})")

    def tidy(self) -> None:
        """Let go of what its middlewares have collected."""
        for made in self.made:
            made.tidy()

    def message(self, number: int) -> Any:
        """A message of its kind, as plain aio-pika publishes it."""
        options = {"content_type": self.body.content_type} if self.body.content_type else {}
        return self.plain.message(self.body.wire(number), **options)

    def broker(self) -> Any:
        """FastStream's broker of this rung, which is not connected yet.

        Raises LeftOutError.
        """
        options: Dict[str, Any] = {"logger": None}
        if self.made:
            options["middlewares"] = [made.middleware for made in self.made]
        broker = compat.rabbit().RabbitBroker
        if self.rung.prefetch:
            if "default_channel" in inspect.signature(broker.__init__).parameters:
                channel = compat.rabbit().Channel(prefetch_count=self.rung.prefetch)
                options["default_channel"] = channel
            else:
                options["max_consumers"] = self.rung.prefetch
        self._broker = _or_left_out(lambda: broker(self._url, **options))
        return self._broker

    async def publisher(self) -> Callable[[], Any]:
        """What publishes one message, and returns with its confirm."""
        if self.rung.plain:
            message = self.plain.message
            wire, name = self.body.wire(0), self.plain.name
            publish = self.plain.channel.default_exchange.publish
            return lambda: publish(message(wire), name)
        broker, body, queue = self.broker(), self.body.published, self.plain.name
        await compat.start(broker, self._url)
        return lambda: broker.publish(body, queue)

    async def subscribe(self) -> None:
        """Have its handler consume `queue`, until the connection ends."""
        await self.plain.channel.declare_queue(self.queue, arguments=consume.EXPIRY)
        if self.rung.plain:
            channel = await self.plain.connection.channel()
            if self.rung.prefetch:
                await channel.set_qos(prefetch_count=self.rung.prefetch)
            inbox = self.inbox

            async def handle(message: Any) -> None:
                async with message.process():
                    inbox.take(message.body)

            await (await channel.get_queue(self.queue, ensure=False)).consume(handle)
            return
        source = compat.make_queue(self.queue, durable=False, arguments=consume.EXPIRY)
        await self._start(source, reply=False)

    async def asker(self) -> Callable[[], Any]:
        """What asks its own handler, and returns with the answer."""
        if self.rung.plain:
            own = Plain()  # of a channel only one can have its replies sent to it directly
            await own.connect(self._url)
            ask = await consume._plain_requests(self.queue, own)
            wire = self.body.wire(0)
            return lambda: ask(wire)
        queue = f"{self.queue}-{uuid.uuid4().hex[:8]}"  # it may be opened again
        broker = await self._start(compat.make_queue(queue, exclusive=True), reply=True)
        body = self.body.published
        return lambda: compat.request(broker, body, queue)

    async def _start(self, source: Any, *, reply: bool) -> Any:
        broker = self.broker()
        handle, options = _or_left_out(lambda: self._handler(reply=reply))
        _or_left_out(lambda: broker.subscriber(source, **options)(handle))
        await compat.start(broker, self._url)
        return broker

    def _handler(self, *, reply: bool) -> Any:
        """Its handler, and what the subscriber is told."""
        inbox = self.inbox
        handle: Any
        options: Dict[str, Any] = {}
        annotations = {"body": self.body.annotation}
        if self.rung.ack:
            options = self._acknowledged()
        if self.rung.ack == "manual":

            async def handle_by_hand(body: Any, message: Any) -> Any:
                inbox.take(body)
                await message.ack()

            handle = handle_by_hand
            annotated = importlib.import_module("faststream.rabbit.annotations").RabbitMessage
            annotations["message"] = annotated
        elif self.rung.depends:
            depends = importlib.import_module("faststream").Depends

            async def needed() -> str:
                return "a session"

            marked = depends(needed)

            async def handle_with(body: Any, session: Any = marked) -> Any:
                inbox.take(body)
                return body if reply and session else None

            handle = handle_with
        else:

            async def handle_alone(body: Any) -> Any:
                inbox.take(body)
                return body if reply else None

            handle = handle_alone
        handle.__annotations__ = annotations
        return handle, options

    def _acknowledged(self) -> Dict[str, Any]:
        """How the subscriber is told who acknowledges."""
        known = inspect.signature(compat.rabbit().RabbitBroker.subscriber).parameters
        if "ack_policy" in known:
            policy = importlib.import_module("faststream").AckPolicy
            return {"ack_policy": policy.MANUAL if self.rung.ack == "manual" else policy.ACK_FIRST}
        if self.rung.ack == "first":
            raise LeftOutError("a subscriber has no ack_policy")
        return {"no_ack": True} if "no_ack" in known else {}  # before: it sees what is done by hand


def _or_left_out(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (LeftOutError, compat.NotImportableError):
        raise
    except Exception as error:
        raise LeftOutError(_line(error)) from error


def _line(error: Exception) -> str:
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    return text if isinstance(error, ImportError) else f"{type(error).__name__}: {text}"
