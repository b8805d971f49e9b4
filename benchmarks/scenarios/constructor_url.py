"""The URL given to the constructor is the one that the broker connects to."""

from __future__ import annotations

from typing import Any

from benchmarks.scenarios._common import (
    BAD,
    GOOD,
    Bench,
    Observation,
    deadline_after,
    main,
    watch,
)
from benchmarks.scenarios._proxy import CONNECTION_OPEN_OK, SERVER, Event, Proxy

REPORT = None
EXPECTED = "RabbitBroker(url) connects to that URL when it is started without another one."


async def probe(bench: Bench) -> Observation:
    # A port that nobody could guess: what arrives there got the URL from the constructor.
    proxy = Proxy(bench.url)
    await proxy.listen()
    broker = bench.broker(proxy.url)
    starting = await watch(broker.start(), deadline_after(bench.control.open_seconds))
    opened = any(Event(SERVER, CONNECTION_OPEN_OK) in link.events for link in proxy.links)
    evidence: dict[str, Any] = {
        "seconds": round(starting.seconds, 4),
        "connections_seen": len(proxy.links),
        "opened": opened,
    }
    if not starting.returned:
        return await bench.blame(starting, "starting with the URL of the constructor", evidence)
    if not opened:
        return Observation(BAD, "ignored", "connected to another address than its URL", evidence)
    return Observation(GOOD, "works", f"connected in {starting.seconds:.3f} s", evidence)


if __name__ == "__main__":
    main(probe)
