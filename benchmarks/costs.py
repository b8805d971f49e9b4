"""What some costs of one release are: a process that measures a turn whenever it is told to.

``python -m benchmarks.costs ORDERS``, with RabbitMQ at ``AMQP_URL``.  The search for the release
that made something slower starts it in the environments of several releases, and has them take
turns that are shorter than the machine's moods: what disturbs one disturbs all.

Says that it is ready with an empty line of JSON.  ORDERS is a named pipe.  Each line there is a
group of measurements, and has a turn of it measured; the first turn of a group, in which what it
needs is made, is not to be counted.  What has to be measured before anything is imported
(`benchmarks.fresh`) can only be ordered before the others.  Answers with a line of JSON:
``{"values": {benchmark: value}, "failed": {benchmark: reason}, "broken": reason, "held_up":
seconds}``: seconds or bytes, less is better throughout.  `broken` is why there is nothing of the
whole group; `held_up` is how long the process has waited for a processor so far.  Ends with the
pipe; with 128 where RabbitMQ does not answer, with 125 where the release does not import.
"""

from __future__ import annotations

import sys

from benchmarks import fresh

if __name__ == "__main__":  # before anything else that it would have to import itself
    first, ordered = fresh.begin(sys.argv[1])

import asyncio
import contextlib
import gc
import json
import os
import traceback
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Dict, Iterator

from benchmarks import _measure, compat, consume, lifecycle
from benchmarks._measure import FASTSTREAM, Plain, Round
from benchmarks.consume import BODY
from benchmarks.rounds import ABORT

MANY, ONE = 100, 1
QUEUES = 8
"""So many are filled at once."""
OPENINGS = 3
"""... in a turn."""
Turn = Dict[str, Round]
"""By what is measured."""


async def publish(url: str) -> AsyncIterator[Turn]:
    """`broker.publish`, 100 in flight."""
    plain, broker = await _started(url)
    while True:
        yield {"publish": await _turn(lambda: broker.publish(BODY, plain.name), MANY, plain)}


async def latency(url: str) -> AsyncIterator[Turn]:
    """`broker.publish`, one after the other."""
    plain, broker = await _started(url)
    while True:
        yield {
            "publish: latency": await _turn(lambda: broker.publish(BODY, plain.name), ONE, plain)
        }


async def publisher_object(url: str) -> AsyncIterator[Turn]:
    """A publisher declared beforehand, 100 in flight."""
    plain = Plain()
    await plain.open(url)
    broker = compat.make_broker(url)
    publisher = broker.publisher(plain.name)
    await _measure.step(compat.start(broker, url), plain)
    while True:
        yield {"publisher object": await _turn(lambda: publisher.publish(BODY), MANY, plain)}


async def receive(url: str) -> AsyncIterator[Turn]:
    """A subscriber with messages waiting for it."""
    plain = Plain()
    await plain.open(url)
    while True:
        for queue in await consume.filled_queues(plain, QUEUES):
            yield {"receive": await consume.emptied(queue, FASTSTREAM, url, plain)}
            await plain.channel.queue_delete(queue)


async def request(url: str) -> AsyncIterator[Turn]:
    """Ask a subscriber in the same process and wait for the answer."""
    plain = Plain()
    await plain.open(url)
    ask, in_flight = (await consume.asking(url, plain))[FASTSTREAM]
    while True:
        yield {"request: time": await _turn(ask, in_flight, plain)}


async def openings(url: str) -> AsyncIterator[Turn]:
    """A broker is started, publishes a message, and is closed."""
    plain = Plain()
    await plain.open(url)
    while True:
        found = [await lifecycle.opening(FASTSTREAM, url, plain) for _ in range(OPENINGS)]
        yield {
            f"{step}: time": min((steps[step] for steps in found), key=_failed_or_short)
            for step in ("open", "close")
        }


def _failed_or_short(one: Round) -> tuple[bool, float]:
    return not one.trouble, one.seconds


async def _started(url: str) -> Any:
    plain = Plain()
    await plain.open(url)
    broker = compat.make_broker(url)
    await _measure.step(compat.start(broker, url), plain)
    return plain, broker


async def _turn(call: _measure.Call, in_flight: int, plain: Plain) -> Round:
    return await _measure.one_round(call, in_flight, plain, _measure.ROUND_SECONDS)


GROUPS: dict[str, Callable[[str], AsyncIterator[Turn]]] = {
    "publish": publish,
    "publish latency": latency,
    "publisher object": publisher_object,
    "receive": receive,
    "request": request,
    "open and close": openings,
}
BOTH = ("publish", "publisher object", "receive")
"""Of these, CPU time is told, too."""


class Measuring:
    """Goes on with a group where it was, whenever a turn of it is ordered."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._going: dict[str, AsyncIterator[Turn]] = {}
        self._broken: dict[str, str] = {}

    async def turn(self, group: str) -> dict[str, Any]:
        """What the turn came to, as it is told."""
        found: Turn = {}
        if group not in self._broken:
            new = group not in self._going
            if new:
                self._going[group] = GROUPS[group](self._url)
            try:
                found = await self._going[group].__anext__()
            except _measure.NoRabbitMQError:
                raise
            except Exception as error:  # the release's, unless RabbitMQ went: whoever orders asks
                traceback.print_exc()
                self._broken[group] = f"{type(error).__name__}: {error}"
            if new:  # what is collected in a turn is only what is new in it
                gc.collect()
                gc.freeze()
        values: dict[str, float] = {}
        failed: dict[str, str] = {}
        for what, one in found.items():
            times = {what: one.time}
            if what in BOTH:
                cpu = f"{what}: CPU time per message"
                times = {f"{what}: time per message": one.time, cpu: one.cpu_time}
            if one.trouble:
                failed.update(dict.fromkeys(times, one.trouble))
            else:
                values.update(times)
        broken = self._broken.get(group, "")
        return {"values": values, "failed": failed, "broken": broken, "held_up": held_up()}


def held_up() -> float:
    """Seconds that this thread has waited for a processor so far; 0 where nobody counts that."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    return 0.0


async def obey(first: str, ordered: Iterator[str]) -> None:
    """Measure what is ordered, until there is no more.

    While it waits for an order all in this process stands still: whoever has the turn is alone.
    """
    measuring = Measuring(_measure.amqp_url())
    order = first
    while order:
        print(json.dumps(await measuring.turn(order)), flush=True)
        order = next(ordered, "")


def main(first: str, ordered: Iterator[str]) -> None:
    """Measure, print, and end."""
    compat.quiet()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        with _measure.no_garbage_collection():
            loop.run_until_complete(obey(first, ordered))
    except _measure.NoRabbitMQError as error:
        print(error, file=sys.stderr)
        sys.exit(ABORT)
    os._exit(0)  # tasks that hang would keep asyncio waiting


if __name__ == "__main__":
    main(first, ordered)
