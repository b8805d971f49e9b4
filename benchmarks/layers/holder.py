"""Messages that wait for a consumer which is there already, and come all at once.

A second consumer, of a higher priority, gets all that is published, and keeps it; then it gives
everything back.  So the broker under measurement has been up for long when its turn comes, and
nothing is published while it receives.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import Any, Callable

from benchmarks import _measure
from benchmarks._measure import Plain


class Holder:
    """A connection of plain aio-pika's own."""

    def __init__(self) -> None:
        self._last: Any = None

    async def open(self, url: str) -> None:
        """Connect; no publisher confirms, for nothing that is published here is measured."""
        connection = await importlib.import_module("aio_pika").connect(url)
        self._channel = await connection.channel(publisher_confirms=False)
        await self._channel.set_qos(prefetch_count=0)

    async def fill(self, queue: str, message: Callable[[int], Any], many: int, plain: Plain) -> int:
        """Publish messages and hold them; returns how many there are to be given back.

        The queue lets a few of them through where it was faster than this connection.
        """
        held: list[Any] = []
        came = asyncio.Event()

        async def hold(incoming: Any) -> None:
            held.append(incoming)
            came.set()

        source = await self._channel.get_queue(queue, ensure=False)
        tag = await source.consume(hold, arguments={"x-priority": 10})
        for number in range(many):
            await self._channel.default_exchange.publish(message(number), queue)
        while len(held) < many:
            came.clear()
            waiting = asyncio.ensure_future(came.wait())
            await asyncio.wait({waiting}, timeout=_measure.DEADLINE_SECONDS / 5)
            if not waiting.done():
                waiting.cancel()
                await plain.check()
                break
        await source.cancel(tag)
        self._last = held[-1] if held else None
        return len(held)

    async def release(self) -> None:
        """Give back what is held."""
        await self._last.nack(multiple=True, requeue=True)
