"""What publishing costs, beside plain aio-pika doing the same.

To a queue through the default exchange, with publisher confirms: by ``broker.publish``, by a
publisher object declared beforehand, and by aio-pika's exchange.
"""

from __future__ import annotations

import itertools
from typing import Any

from benchmarks import _measure, compat
from benchmarks._measure import PLAIN, QUANTILES, Cache, Plain

WAYS = ["broker.publish", "publisher.publish"]
PAYLOADS = {"0 B": b"", "1 KiB": b"x" * 1024, "100 KiB": b"x" * 102400}
IN_FLIGHT = [1, 100]


async def publish_in_turns(url: str) -> Cache:
    """The rounds by (way, payload, in flight)."""
    plain = Plain()
    await plain.open(url)
    broker = compat.make_broker(url)
    publisher = broker.publisher(plain.name)
    await _measure.step(compat.start(broker, url), plain)
    calls: _measure.Calls = {}
    for (payload, body), in_flight in itertools.product(PAYLOADS.items(), IN_FLIGHT):
        for way, call in {
            WAYS[0]: lambda body=body: broker.publish(body, plain.name),
            WAYS[1]: lambda body=body: publisher.publish(body),
            PLAIN: lambda body=body: plain.publish(body),
        }.items():
            calls[way, payload, in_flight] = (call, in_flight)
    return await _measure.in_turns(calls, plain)


def setup_cache() -> Cache:
    """Measure everything once; the benchmarks below read from it."""
    return _measure.in_forks(publish_in_turns)


class Publish(_measure.Benchmark):
    """What publishing costs."""

    params, param_names = _measure.parameters(
        way=[*WAYS, PLAIN], payload=list(PAYLOADS), in_flight=IN_FLIGHT
    )

    @_measure.unit("msg/s", higher_is_better=True)
    def track_throughput(self, cache: Cache, *params: Any) -> dict[str, Any]:
        """Messages confirmed per second."""
        return _measure.samples(cache[params], lambda r: r.rate)

    @_measure.unit("seconds")
    def track_cpu_time_per_message(self, cache: Cache, *params: Any) -> dict[str, Any]:
        """CPU time of the publishing process; it depends least on what else the machine does."""
        return _measure.samples(cache[params], lambda r: r.cpu_time)


class PublishLatency(_measure.Benchmark):
    """How long one call takes, with no other in flight."""

    params, param_names = _measure.parameters(
        way=[*WAYS, PLAIN], payload=list(PAYLOADS), quantile=list(QUANTILES)
    )

    @_measure.unit("seconds")
    def track_latency(self, cache: Cache, way: str, payload: str, quantile: str) -> dict[str, Any]:
        """Until the publisher confirm."""
        return _measure.latency(cache[way, payload, 1], quantile)


class PublishRatio(_measure.Benchmark):
    """What FastStream adds: its cost as a multiple of plain aio-pika's. This travels.

    Twice the time per message is half the throughput.
    """

    params, param_names = _measure.parameters(way=WAYS, payload=list(PAYLOADS), in_flight=IN_FLIGHT)

    @_measure.unit(_measure.RATIO)
    def track_time(self, cache: Cache, way: str, payload: str, in_flight: int) -> dict[str, Any]:
        """Wall time per message."""
        mine, plain = (cache[w, payload, in_flight] for w in (way, PLAIN))
        return _measure.ratio(mine, plain, lambda r: r.time)

    @_measure.unit(_measure.RATIO)
    def track_cpu_time(
        self, cache: Cache, way: str, payload: str, in_flight: int
    ) -> dict[str, Any]:
        """CPU time per message."""
        mine, plain = (cache[w, payload, in_flight] for w in (way, PLAIN))
        return _measure.ratio(mine, plain, lambda r: r.cpu_time)
