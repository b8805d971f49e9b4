"""What all pieces of advice share: the hang that they are tried on, and how they are judged.

The hang is ag2ai/faststream#1346: a broker publishes to a named exchange, a sibling in the same
process is opened and closed, and from then on publishing does not return.

The outcome is one of

- "helps": messages published as advised return and arrive exactly once, and all else goes on.
- "makes it worse": something is lost that the hang alone leaves intact, whether or not publishing
  works: the broker no longer receives, or publishes while the sibling is open; a message that was
  reported as published does not arrive, or arrives twice; a connection stays after closing.
- "does not help": neither.
- "not needed": without the advice nothing hangs either.
- "could not be tried": what the advice asks for is not there.

The convention is that of benchmarks/scenarios/, with exit codes 0, 1, 1, 125, 125.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections import Counter
from typing import Any, AsyncIterator, Awaitable, Callable, Sized
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
from benchmarks.scenarios._evidence import await_chain

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

    def __init__(self, bench: Bench) -> None:
        self.bench, self.control, self.url = bench, bench.control, bench.url
        self.exchange = compat.make_exchange(bench.control.exchange)
        self.evidence: dict[str, Any] = {}
        self.notes: list[str] = []  # what else the reason has to say
        self.deadline = FLOOR_SECONDS
        self.published: list[str] = []  # bodies that were reported as published
        self._stuck: Call | None = None
        self._worse: list[str] = []  # what is lost that the hang alone leaves intact
        self._inbox, self._arrived = f"{bench.name}-inbox", asyncio.Event()
        self._closers: list[Callable[[], Awaitable[Any]]] = []
        self._connections: set[int] = set()

    @classmethod
    async def start(cls, bench: Bench) -> Case:
        """Start the broker and see that it publishes, in how much time, and receives."""
        case = cls(bench)
        case._connections = {id(c) for c in _connections(bench.url)}
        case.broker = case.make_broker()

        async def receive(_body: Any) -> None:
            case._arrived.set()

        queue = compat.make_queue(case._inbox, exclusive=True)
        compat.subscribe(case.broker, queue, receive)
        await bench.setup("starting the broker", compat.start(case.broker, bench.url))
        calls = [
            await bench.setup("publishing", case.publish("before")) for _ in range(PUBLISHES_BEFORE)
        ]
        case.deadline = deadline_after(max(call.seconds for call in calls))
        case.evidence["deadline_seconds"] = round(case.deadline, 4)
        await bench.setup("receiving", case._receive())
        return case

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

    @contextlib.asynccontextmanager
    async def sibling(self, url: str = "") -> AsyncIterator[Any]:
        """Open a sibling, and close it."""
        sibling, url = self.make_broker(url), url or self.url
        await self.bench.setup("opening the sibling", compat.connect(sibling, url))
        yield sibling
        await self.bench.setup("closing the sibling", compat.close(sibling))

    async def hang(self) -> None:
        """Let a sibling come, publish and go; the next publish is left as it is.

        Raises EarlyError ("not needed") when it is not stuck.
        """
        async with self.sibling() as sibling:
            call = self.publish("from the sibling", sibling)
            await self.bench.setup("publishing through the sibling", call)
        after = await watch(self.publish(STUCK), self.deadline)
        if after.returned:
            reason = f"without it publishing works, too, in {after.seconds:.3f} s"
            raise EarlyError(Observation(UNTESTABLE, NOT_NEEDED, reason, self.evidence))
        self._stuck, self.evidence["hang"] = after, await_chain(after.task)

    async def give_up(self, body: str) -> None:
        """Publish as an application that must not hang: `asyncio.wait_for`, which cancels."""
        call = await watch(asyncio.wait_for(self.publish(body), PATIENCE), PATIENCE + self.deadline)
        self.evidence["gave_up_with"] = describe(call.error) if call.error else "stuck"

    async def judge(self, publish: Publish, *, prevents: bool = False) -> Observation:
        """Publish MESSAGES as advised, look at what else has changed, and answer.

        With `prevents`, for advice that keeps the hang from coming, see that it comes without.
        """
        for n in range(MESSAGES):
            body = f"advised {n}"
            call = await watch(publish(body), self.deadline)
            if not call.returned:
                return await self.failed("publishing", call)
            self.published.append(body)
        if prevents:
            await self.hang()
        elif self._stuck and self._stuck.stuck:
            self.notes.append("what hung before goes on hanging")
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
        receives = await watch(self._receive(), self.deadline)
        arrived = Counter(await self.control.received())
        lost = [body for body in self.published if not arrived[body]]
        twice = [body for body in [*self.published, STUCK] if arrived[body] > 1]
        if not receives.returned:
            self.worse("the broker no longer receives")
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
            broker_receives=receives.returned,
            stuck_message_arrived=arrived[STUCK] > 0,
            connections_left=len(left),
        )

    async def _receive(self) -> None:
        self._arrived.clear()
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
