"""A subscriber finishes the message that it works on when the broker is stopped."""

from __future__ import annotations

import asyncio
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

REPORT = None
EXPECTED = (
    "Stopping, with default settings, waits for the running handler and acknowledges its message."
)
WORK_SECONDS = 0.5


async def probe(bench: Bench) -> Observation:
    inbox, channel = f"{bench.name}-inbox", bench.control.channel
    started, finished, marked = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def receive(_body: Any) -> None:
        started.set()
        await asyncio.sleep(WORK_SECONDS)
        finished.set()

    broker = bench.broker()
    bench.finally_do(lambda: channel.queue_delete(inbox))
    # not exclusive: it has to outlive the broker, to show what that left in it
    compat.subscribe(broker, compat.make_queue(inbox, durable=True, auto_delete=True), receive)
    await bench.setup("starting the broker", compat.start(broker, bench.url))
    await bench.control.publish("work", queue=inbox)
    await bench.setup("receiving", started.wait())

    # The control waits for the message beside the broker: it gets it if RabbitMQ delivers it again.
    got: list[str] = []

    async def receive_again(message: Any) -> None:
        got.append(message.body.decode())
        if got[-1] == "mark":
            marked.set()

    await (await channel.get_queue(inbox)).consume(receive_again, no_ack=True)
    stopping = await watch(compat.close(broker), SETUP_SECONDS)
    evidence: dict[str, Any] = {
        "work_seconds": WORK_SECONDS,
        "stop_seconds": round(stopping.seconds, 4),
        "finished": finished.is_set(),
    }
    if not stopping.returned:
        return await bench.blame(stopping, "stopping during a message", evidence)
    await bench.control.publish("mark", queue=inbox)  # arrives after a message delivered again
    await bench.setup("taking over the queue", marked.wait())
    evidence["delivered_again"] = "work" in got
    if not evidence["finished"]:
        reason = "stop, with default settings, returned before the handler"
        return Observation(BAD, "unfinished", reason, evidence)
    if evidence["delivered_again"]:
        return Observation(BAD, "delivered again", "finished, but not acknowledged", evidence)
    reason = f"finished and acknowledged, stopped in {stopping.seconds:.2f} s"
    return Observation(GOOD, "works", reason, evidence)


if __name__ == "__main__":
    main(probe)
