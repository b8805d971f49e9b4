"""Sends on schedule, whatever comes of it: a process of its own, so that no handler delays it.

``python -m benchmarks.layers.open_loop``, with RabbitMQ at ``AMQP_URL``.  Each line of its input
is an order, ``{"queue": name, "body": kind, "size": bytes, "many": count, "rate": messages a
second}``; it sends them, and answers with ``{"begin": seconds, "late": seconds, "seconds":
seconds}``: when by `time.perf_counter`, which is the same in all processes, the first was to be
sent, how much later than it ought the latest was, and how long all of it took.

The n-th message is to be sent n / rate after the first.  What is late because the one before it
was is late all the same: nothing that somebody had to wait for is left out.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from typing import Any

from benchmarks import _measure, compat
from benchmarks.layers import bodies

AHEAD = 0.01
"""Seconds until the first is sent."""


class Sender:
    """The process, as whoever orders sees it."""

    def __init__(self) -> None:
        self._process: Any = None

    async def send(self, order: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Have messages sent; returns its answer.

        Raises NoRabbitMQError where there is none: it only publishes, with plain aio-pika.
        """
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", __name__,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), seconds)
            return dict(json.loads(line))
        except (asyncio.TimeoutError, ValueError):
            raise _measure.NoRabbitMQError("RabbitMQ takes no messages any more") from None


async def _obey() -> None:
    aio_pika = importlib.import_module("aio_pika")
    connection = await aio_pika.connect(_measure.amqp_url())
    channel = await connection.channel(publisher_confirms=False)
    for line in sys.stdin:  # nothing is to be done meanwhile
        order = json.loads(line)
        body = bodies.of(order["body"], order["size"])
        options = {"content_type": body.content_type} if body.content_type else {}
        messages = [aio_pika.Message(body.wire(n), **options) for n in range(order["many"])]
        print(json.dumps(await _send(channel, order, messages)), flush=True)


async def _send(channel: Any, order: dict[str, Any], messages: Any) -> dict[str, float]:
    publish, queue, rate = channel.default_exchange.publish, order["queue"], order["rate"]
    late = 0.0
    begin = time.perf_counter() + AHEAD
    for number, message in enumerate(messages):
        due = begin + number / rate
        left = due - time.perf_counter()
        if left > 0:
            # Not asyncio's, which is right to a millisecond only; nothing else is to be done.
            time.sleep(left)  # noqa: ASYNC251
        late = max(late, time.perf_counter() - due)
        await publish(message, queue)
    return {"begin": begin, "late": late, "seconds": time.perf_counter() - begin}


if __name__ == "__main__":
    compat.quiet()
    asyncio.run(_obey())
