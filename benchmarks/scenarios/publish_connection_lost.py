"""Publishing says so when the connection is lost, instead of waiting for RabbitMQ to come back."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks import compat
from benchmarks.scenarios._common import (
    BAD,
    GOOD,
    Bench,
    Observation,
    deadline_after,
    describe,
    main,
    watch,
)
from benchmarks.scenarios._proxy import Proxy

REPORT = "ag2ai/faststream#1579"
EXPECTED = "A publish after the connection was lost gets through or raises; it does not hang."
PUBLISHES_BEFORE = 3
NOTICE_SECONDS = (
    0.2  # the client's reader sees the end of the stream within a few turns of the loop
)


async def probe(bench: Bench) -> Observation:
    exchange, key = compat.make_exchange(bench.control.exchange), bench.control.key
    proxy = Proxy(bench.url)
    await proxy.listen()
    broker = bench.broker(proxy.url)
    await bench.setup("starting the broker", compat.start(broker, proxy.url))
    before = []
    for _ in range(PUBLISHES_BEFORE):
        call = compat.publish(broker, "before", exchange=exchange, routing_key=key)
        before.append((await bench.setup("publishing", call)).seconds)

    await proxy.cut()
    bench.finally_do(proxy.listen)  # so that the broker can close
    await asyncio.sleep(NOTICE_SECONDS)
    lost = await watch(
        compat.publish(broker, "lost", exchange=exchange, routing_key=key),
        deadline_after(max(before)),
    )
    evidence: dict[str, Any] = {
        "before_seconds": round(max(before), 4),
        "lost_seconds": None if lost.stuck else round(lost.seconds, 4),
        "deadline_seconds": round(lost.deadline, 4),
    }
    if lost.stuck:
        return await bench.blame(lost, "publishing after the connection was lost", evidence)
    if lost.error:
        evidence["error"] = describe(lost.error)
        return Observation(GOOD, "works", f"raised {evidence['error']}", evidence)
    if "lost" in await bench.control.received():
        return Observation(GOOD, "works", "got through", evidence)
    return Observation(BAD, "message lost", "returned, but the message did not arrive", evidence)


if __name__ == "__main__":
    main(probe)
