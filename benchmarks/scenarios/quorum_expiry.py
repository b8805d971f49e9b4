"""A subscriber on a quorum queue whose messages expire starts and receives."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks import compat
from benchmarks.scenarios._common import GOOD, SETUP_SECONDS, Bench, Observation, main, watch

REPORT = "rabbitmq/rabbitmq-server#3555"
EXPECTED = "A quorum queue with a time to live for its messages is declared and delivers."
ARGUMENTS = {"x-queue-type": "quorum", "x-message-ttl": 60_000}


async def probe(bench: Bench) -> Observation:
    inbox, channel, received = f"{bench.name}-inbox", bench.control.channel, asyncio.Event()

    async def receive(_body: Any) -> None:
        received.set()

    broker = bench.broker()
    bench.finally_do(lambda: channel.queue_delete(inbox))
    compat.subscribe(broker, compat.make_queue(inbox, durable=True, arguments=ARGUMENTS), receive)
    started = await watch(compat.start(broker, bench.url), SETUP_SECONDS)
    if not started.returned:
        return await bench.blame(started, "starting a subscriber", {})
    await bench.control.publish("hello", queue=inbox)
    await bench.setup("receiving", received.wait())
    return Observation(GOOD, "works", f"started in {started.seconds:.3f} s and received", {})


if __name__ == "__main__":
    main(probe)
