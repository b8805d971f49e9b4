"""A publisher created after the broker connected publishes."""

from __future__ import annotations

from typing import Any

from benchmarks import compat
from benchmarks.scenarios._common import (
    BAD,
    GOOD,
    Bench,
    Observation,
    deadline_after,
    main,
    watch,
)

REPORT = "ag2ai/faststream#1954"
EXPECTED = "A publisher object created after `connect` publishes like one created before it."


async def probe(bench: Bench) -> Observation:
    broker = bench.broker()
    await bench.setup("connecting", compat.connect(broker, bench.url))
    await bench.control.received()
    call = await watch(
        _publish(broker, bench.control.queue), deadline_after(bench.control.open_seconds)
    )
    if not call.returned:
        return await bench.blame(call, "publishing through a publisher created after connect", {})
    evidence = {"seconds": round(call.seconds, 4), "received": await bench.control.received()}
    if evidence["received"] != ["hello"]:
        return Observation(BAD, "message lost", "the message did not arrive", evidence)
    return Observation(GOOD, "works", f"published in {call.seconds:.3f} s", evidence)


async def _publish(broker: Any, queue: str) -> None:
    await broker.publisher(queue).publish("hello")


if __name__ == "__main__":
    main(probe)
