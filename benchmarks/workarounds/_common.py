"""What all pieces of advice share: a broker to try them on, and how they are judged.

The outcome is one of

- "helps": messages published, or worked on, as advised arrive exactly once, and all else goes on.
- "makes it worse": something is lost that the fault alone leaves intact, whether or not the rest
  works: the broker no longer receives, or publishes while a sibling is open; a message that was
  reported as published does not arrive, or arrives twice; a connection stays after closing.
- "does not help": neither.
- "not needed": without the advice there is no fault either.
- "could not be tried": what the advice asks for is not there.

The convention is that of benchmarks/scenarios/, with exit codes 0, 1, 1, 125, 125.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections import Counter
from typing import Any, Awaitable, Callable, Sized
from urllib.parse import urlsplit

from benchmarks import compat
from benchmarks.scenarios._common import (
    BAD,
    FLOOR_SECONDS,
    GOOD,
    UNTESTABLE,
    Bench,
    Call,
    EarlyError,
    Observation,
    deadline_after,
    describe,
    watch,
)

HELPS, NO_HELP, WORSE = "helps", "does not help", "makes it worse"
NOT_NEEDED, NOT_TRIED = "not needed", "could not be tried"
MESSAGES = 5
PUBLISHES_BEFORE = 3
PATIENCE = 0.3  # seconds that an application waits for a publish which takes it milliseconds
STEP_SECONDS = 2.0  # for the broker to close, to start, ...
STUCK = "stuck"  # the body of the message whose publishing hangs

Publish = Callable[[str], Awaitable[Any]]


class Case:
    """A broker that publishes and receives, and how it fares."""

    broker: Any

    def __init__(self, bench: Bench, url: str = "") -> None:
        self.bench, self.control, self.url = bench, bench.control, url or bench.url
        self.exchange = compat.make_exchange(bench.control.exchange)
        self.evidence: dict[str, Any] = {}
        self.notes: list[str] = []  # what else the reason has to say
        self.deadline = FLOOR_SECONDS
        self.consumes = True  # whether the broker has been started, not only connected
        self.published: list[str] = []  # bodies that were reported as published
        self.arrived: Counter[str] = Counter()  # how often each body came, once it was looked at
        self._worse: list[str] = []  # what is lost that the fault alone leaves intact
        self._inbox, self._arrived = f"{bench.name}-inbox", asyncio.Event()
        self._sent = self._received = 0  # of what the broker is sent
        self._closers: list[Callable[[], Awaitable[Any]]] = []
        self._connections: set[int] = set()

    async def start(
        self, prepare: Callable[[], None] = lambda: None, *, consume: bool = True
    ) -> None:
        """Start the broker and see that it publishes, in how much time, and receives.

        `prepare` is called when the broker is there, and not connected yet; without `consume` it
        is only connected.
        """
        self._connections = {id(c) for c in _connections(self.url)}
        self.broker = self.make_broker()

        async def receive(_body: Any) -> None:
            self._received += 1
            self._arrived.set()

        queue = compat.make_queue(self._inbox, exclusive=True)
        compat.subscribe(self.broker, queue, receive)
        prepare()
        self.consumes = consume
        begin = compat.start if consume else compat.connect
        await self.bench.setup("starting the broker", begin(self.broker, self.url))
        calls = [
            await self.bench.setup("publishing", self.publish("before"))
            for _ in range(PUBLISHES_BEFORE)
        ]
        self.deadline = deadline_after(max(call.seconds for call in calls))
        self.evidence["deadline_seconds"] = round(self.deadline, 4)
        if consume:
            await self.bench.setup("receiving", self._receive())

    def make_broker(self, url: str = "") -> Any:
        """A broker that the judging closes."""
        broker = compat.make_broker(url or self.url)
        self.finally_do(lambda: compat.close(broker))
        return broker

    def finally_do(self, close: Callable[[], Awaitable[Any]]) -> None:
        """Close something; no connection may be left then."""
        self._closers.append(close)
        self.bench.finally_do(close)

    async def publish(self, body: str, broker: Any = None, **options: Any) -> None:
        """Publish to the named exchange, through the broker or another one."""
        broker, key = broker or self.broker, self.control.key
        await broker.publish(body, exchange=self.exchange, routing_key=key, **options)

    async def give_up(self, body: str) -> None:
        """Publish as an application that must not hang: `asyncio.wait_for`, which cancels."""
        call = await watch(asyncio.wait_for(self.publish(body), PATIENCE), PATIENCE + self.deadline)
        self.evidence["gave_up_with"] = describe(call.error) if call.error else "stuck"

    async def try_out(
        self, publish: Publish, then: Callable[[], Awaitable[None]] | None = None
    ) -> Observation:
        """Publish MESSAGES as advised, do something else, look around, and answer."""
        for n in range(MESSAGES):
            body = f"advised {n}"
            call = await watch(publish(body), self.deadline)
            if not call.returned:
                return await self.failed("publishing", call)
            self.published.append(body)
        if then:
            await then()
        await self._look_around()
        if self._worse:
            return self._answer(BAD, WORSE, *self._worse, "publishing works")
        return self._answer(GOOD, HELPS, f"{MESSAGES} messages published, each arrived once")

    async def failed(self, what: str, call: Call) -> Observation:
        """The answer when a step that the advice consists of does not work."""
        seen = await self.bench.blame(call, what, self.evidence)
        if seen.code != BAD:
            return seen  # RabbitMQ does not answer either
        await self._look_around()
        return self._answer(BAD, WORSE if self._worse else NO_HELP, *self._worse, seen.reason)

    def worse(self, reason: str) -> None:
        """Note what is lost through the advice."""
        self._worse.append(reason)

    def _answer(self, code: int, outcome: str, *reasons: str) -> Observation:
        return Observation(code, outcome, "; ".join([*reasons, *self.notes]), self.evidence)

    async def _look_around(self) -> None:
        """What else works: receiving, exactly one arrival for each message, closing."""
        if self.consumes:
            await self._see_receiving()
        arrived = self.arrived = Counter(await self.control.received())
        lost = [body for body in self.published if not arrived[body]]
        twice = [body for body in [*self.published, STUCK] if arrived[body] > 1]
        if lost:
            self.worse(f"{count(lost)} reported as published did not arrive")
        if twice:
            self.worse(f"{count(twice)} arrived more than once")
        for close in self._closers:
            if (await watch(close(), STEP_SECONDS)).stuck:
                self.worse("closing hangs")
        left = [c for c in _connections(self.url) if id(c) not in self._connections]
        if left:
            self.worse(f"{count(left, 'connection')} to RabbitMQ left open after closing")
        self.evidence.update(
            published=len(self.published),
            lost=len(lost),
            arrived_twice=len(twice),
            stuck_message_arrived=arrived[STUCK] > 0,
            connections_left=len(left),
        )

    async def _see_receiving(self) -> None:
        receives = await watch(self._receive(), self.deadline)
        self.evidence["broker_receives"] = receives.returned
        if not receives.returned:
            self.worse("the broker no longer receives")
        elif self._received > self._sent:
            self.worse("the broker receives a message more than once")

    async def _receive(self) -> None:
        self._arrived.clear()
        self._sent += 1
        await self.control.publish("for the broker", queue=self._inbox)
        await self._arrived.wait()


def _connections(url: str) -> list[asyncio.Transport]:
    """This process's open connections to RabbitMQ, whichever library has them."""
    parts = urlsplit(url)
    port = parts.port or (5671 if parts.scheme == "amqps" else 5672)
    return [
        item
        for item in gc.get_objects()
        if isinstance(item, asyncio.Transport)
        and not item.is_closing()
        and (item.get_extra_info("peername") or ("", 0))[1] == port
    ]


def count(items: Sized, what: str = "message") -> str:
    """How many, in words."""
    return f"{len(items)} {what}{'' if len(items) == 1 else 's'}"


def other(variable: str, what: str) -> str:
    """The URL in an environment variable. Raises EarlyError ("could not be tried")."""
    url = os.environ.get(variable, "")
    if not url:
        reason = f"it takes {what} on this RabbitMQ: name it in {variable}"
        raise EarlyError(Observation(UNTESTABLE, NOT_TRIED, reason, {}))
    return url
