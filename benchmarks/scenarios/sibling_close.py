"""Publishing goes on after a sibling broker in the same process is closed."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks import compat
from benchmarks.scenarios._common import (
    FLOOR_SECONDS,
    GOOD,
    Bench,
    Call,
    Observation,
    deadline_after,
    main,
    watch,
)
from benchmarks.scenarios._evidence import shared_objects

REPORT = "ag2ai/faststream#1346"
EXPECTED = (
    "A broker goes on publishing to a named exchange after another one was opened and closed."
)
PUBLISHES_BEFORE = 3


async def probe(bench: Bench) -> Observation:
    exchange, key = compat.make_exchange(bench.control.exchange), bench.control.key
    inbox = f"{bench.name}-inbox"
    arrived = asyncio.Event()

    async def receive(_body: Any) -> None:
        arrived.set()

    broker = bench.broker()
    compat.subscribe(broker, compat.make_queue(inbox, exclusive=True), receive)
    await bench.setup("starting the broker", compat.start(broker, bench.url))
    before = []
    for _ in range(PUBLISHES_BEFORE):
        call = compat.publish(broker, "before", exchange=exchange, routing_key=key)
        before.append((await bench.setup("publishing", call)).seconds)
    evidence: dict[str, Any] = {
        "before_seconds": round(max(before), 4),
        "after_seconds": None,
        "deadline_seconds": round(deadline_after(max(before)), 4),
    }

    sibling = bench.broker()
    await bench.setup("opening the sibling", compat.connect(sibling, bench.url))
    call = compat.publish(sibling, "sibling", exchange=exchange, routing_key=key)
    await bench.setup("publishing through the sibling", call)
    evidence["shared_objects"] = shared_objects(broker, sibling)
    await bench.setup("closing the sibling", compat.close(sibling))

    after: Call = await bench.watch(
        compat.publish(broker, "after", exchange=exchange, routing_key=key), max(before)
    )
    if after.returned:
        evidence["after_seconds"] = round(after.seconds, 4)
        return Observation(GOOD, "works", f"published again in {after.seconds:.3f} s", evidence)
    seen = await bench.blame(after, "publishing after a sibling was closed", evidence)
    arriving = await watch(_arrives(bench, inbox, arrived), FLOOR_SECONDS)
    evidence["still_receives"] = arriving.returned
    return seen


async def _arrives(bench: Bench, inbox: str, arrived: asyncio.Event) -> None:
    await bench.control.publish("to the stuck broker", queue=inbox)
    await arrived.wait()


if __name__ == "__main__":
    main(probe)
