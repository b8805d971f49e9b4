"""Closing a broker leaves no warning in RabbitMQ's log."""

from __future__ import annotations

from typing import Any

from benchmarks import compat
from benchmarks.scenarios._common import (
    BAD,
    FLOOR_SECONDS,
    GOOD,
    Bench,
    Observation,
    deadline_after,
    main,
    watch,
)
from benchmarks.scenarios._proxy import (
    CHANNEL_CLOSE,
    CHANNEL_OPEN,
    CLIENT,
    CONNECTION_CLOSE,
    CONNECTION_CLOSE_OK,
    END,
    SERVER,
    Event,
    Link,
    Proxy,
)

REPORT = "ag2ai/faststream#1988"
EXPECTED = (
    "Closing sends Connection.Close, and either has closed all channels before it or waits for"
    " RabbitMQ's Connection.CloseOk, so that RabbitMQ is not surprised by the end of the stream."
)
DELAY_SECONDS = 0.1  # before the client sees Connection.CloseOk


async def probe(bench: Bench) -> Observation:
    # RabbitMQ warns "client unexpectedly closed TCP connection" when a stream ends before it has
    # sent Connection.CloseOk: without a Connection.Close always; after one, often, if channels are
    # open, since it ends those first; hardly ever if there are none. Whether the warning comes is a
    # race, and the log is not ours to read: the frames show whether there is a race to lose.
    proxy = Proxy(bench.url, close_ok_delay=DELAY_SECONDS)
    await proxy.listen()
    broker = bench.broker(proxy.url)
    await bench.setup("starting the broker", compat.start(broker, proxy.url))
    closing = await watch(compat.close(broker), deadline_after(bench.control.open_seconds))
    evidence: dict[str, Any] = {"close_seconds": round(closing.seconds, 4)}
    if not closing.returned:
        return await bench.blame(closing, "closing the broker", evidence)
    for link in proxy.links:
        await watch(link.until(Event(CLIENT, END)), FLOOR_SECONDS)
    evidence["connections"] = [_ending(link) for link in proxy.links]
    for ending in evidence["connections"]:
        if not ending["close_sent"]:
            return Observation(
                BAD, "no handshake", "the stream ended without Connection.Close", evidence
            )
        if ending["channels_open"] and not ending["waited_for_close_ok"]:
            reason = "a channel was open when the stream ended, without waiting for CloseOk"
            return Observation(BAD, "channel left open", reason, evidence)
    return Observation(GOOD, "works", "sent Connection.Close with nothing left open", evidence)


def _ending(link: Link) -> dict[str, Any]:
    """How a connection ended, as far as its client decides it."""
    events = link.events
    if Event(CLIENT, END) in events:
        events = events[: events.index(Event(CLIENT, END))]
    channels = set()
    for _, method, channel in events:
        if method == CHANNEL_OPEN:
            channels.add(channel)
        elif method == CHANNEL_CLOSE:
            channels.discard(channel)
    return {
        "close_sent": Event(CLIENT, CONNECTION_CLOSE) in events,
        "channels_open": len(channels),
        "waited_for_close_ok": Event(SERVER, CONNECTION_CLOSE_OK) in events,
    }


if __name__ == "__main__":
    main(probe)
