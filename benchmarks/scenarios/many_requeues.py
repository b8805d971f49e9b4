"""A quorum queue delivers a message again, however often a subscriber returns it.

RabbitMQ 4.0 gave up after 20 times; since 4.3 only `basic.reject` counts, not the `basic.nack` that
a NackMessage is (rabbitmq/rabbitmq-server#15387).
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from benchmarks import compat
from benchmarks.scenarios._common import BAD, GOOD, Bench, Observation, deadline_after, main, watch

REPORT = "rabbitmq/rabbitmq-server#11937"
EXPECTED = "A message that its handler returned 24 times is delivered a 25th time."
DELIVERIES = 25
ARGUMENTS = {"x-queue-type": "quorum"}


async def probe(bench: Bench) -> Observation:
    inbox, channel = f"{bench.name}-inbox", bench.control.channel
    times: asyncio.Queue[float] = asyncio.Queue()

    async def receive(_body: Any) -> None:
        times.put_nowait(time.perf_counter())
        if times.qsize() + seen < DELIVERIES:
            raise compat.requeue()

    seen, longest = 0, 0.0
    broker = bench.broker()
    bench.finally_do(lambda: channel.queue_delete(inbox))
    compat.subscribe(broker, compat.make_queue(inbox, durable=True, arguments=ARGUMENTS), receive)
    await bench.setup("starting the broker", compat.start(broker, bench.url))
    await bench.control.publish("again", queue=inbox)
    last = (await bench.setup("receiving", times.get())).task.result()
    for seen in range(1, DELIVERIES):
        again = await watch(times.get(), deadline_after(longest))
        if again.stuck:
            told = await bench.blame(again, f"delivery {seen + 1}", {"deliveries": seen})
            if told.code == BAD:
                reason = f"dropped after {seen} deliveries"
                told.evidence.pop("await_chain")  # nothing of the release's is stuck
                told = told._replace(outcome="message lost", reason=reason)
            return told
        longest, last = max(longest, again.task.result() - last), again.task.result()
    return Observation(GOOD, "works", f"delivered {DELIVERIES} times", {"deliveries": DELIVERIES})


if __name__ == "__main__":
    main(probe)
