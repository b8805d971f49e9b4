"""A message larger than 16 MiB gets through."""

from __future__ import annotations

from typing import Any

from benchmarks import compat
from benchmarks.scenarios._common import (
    BAD,
    GOOD,
    SETUP_SECONDS,
    Bench,
    Observation,
    main,
    watch,
)

REPORT = "rabbitmq/rabbitmq-server#11455"
EXPECTED = "A message of 17 MiB is published and arrives."
SIZE = 17 << 20


async def probe(bench: Bench) -> Observation:
    exchange, key = compat.make_exchange(bench.control.exchange), bench.control.key
    broker = bench.broker()
    await bench.setup("starting the broker", compat.start(broker, bench.url))
    call = compat.publish(broker, "before", exchange=exchange, routing_key=key)
    await bench.setup("publishing a small message", call)
    await bench.control.received()
    large = await watch(
        compat.publish(broker, "x" * SIZE, exchange=exchange, routing_key=key), SETUP_SECONDS
    )
    evidence: dict[str, Any] = {"bytes": SIZE, "seconds": round(large.seconds, 4)}
    if not large.returned:
        return await bench.blame(large, "publishing 17 MiB", evidence)
    if [len(body) for body in await bench.control.received()] != [SIZE]:
        return Observation(
            BAD, "message lost", "returned, but the message did not arrive", evidence
        )
    return Observation(GOOD, "works", f"17 MiB got through in {large.seconds:.3f} s", evidence)


if __name__ == "__main__":
    main(probe)
