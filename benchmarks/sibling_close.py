"""What a broker publishes before and after another one in its process is closed.

Upstream issue ag2ai/faststream#1346: afterwards some releases hang on a named exchange.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

from benchmarks import _measure, compat
from benchmarks._measure import PLAIN, Cache, Plain

EXCHANGES = ["default", "named"]
IN_FLIGHT = [1, 100]
BODY = b"x" * 1024
PASSES, ROUNDS = 3, 4
"""Passes over all cases, with rounds in each: one slow second of the machine is then not a case's
only one."""


async def before_and_after(url: str, exchange: str, in_flight: int, *, close: bool) -> Cache:
    """The rounds by (moment, exchange, in flight), and those of plain aio-pika in the same turns by
    (`PLAIN`, moment, exchange, in flight); those before only, unless told to close.
    """
    plain = Plain()
    await plain.open(url)
    to: dict[str, Any] = {"queue": plain.name}
    if exchange == "named":
        to = {"exchange": compat.make_exchange(plain.name), "routing_key": plain.name}
    broker, sibling = compat.make_broker(url), compat.make_broker(url)
    await _measure.step(compat.start(broker, url), plain)
    await _measure.step(compat.start(sibling, url), plain)
    await _measure.step(sibling.publish(BODY, **to), plain)

    def calls(moment: str) -> _measure.Calls:
        case = (moment, exchange, in_flight)
        return {
            case: (lambda: broker.publish(BODY, **to), in_flight),
            (PLAIN, *case): (lambda: plain.publish(BODY), in_flight),
        }

    rounds: Cache = await _measure.in_turns(calls("before"), plain, ROUNDS)
    if close:
        await _measure.step(compat.close(sibling), plain)
        rounds.update(await _measure.in_turns(calls("after"), plain, ROUNDS))
    return rounds


def setup_cache() -> Cache:
    """Measure everything once; the benchmarks below read from it."""
    cache: Cache = {}
    for _ in range(PASSES):
        for exchange, in_flight in itertools.product(EXCHANGES, IN_FLIGHT):
            hangs = _measure.given_up(cache.get(("after", exchange, in_flight), []))
            measured = _measure.in_forks(
                partial(before_and_after, exchange=exchange, in_flight=in_flight, close=not hangs)
            )
            if "skip" in measured:
                return measured
            for key, rounds in measured.items():
                for each in rounds:
                    _measure.keep(cache.setdefault(key, []), each, warm_up=False)
    return cache


class SiblingClose(_measure.Benchmark):
    """Two brokers in one process; one closes, the other goes on. 1 KiB, publisher confirms.

    A hang is 0 msg/s, and takes its deadline for a message.
    """

    params, param_names = _measure.parameters(
        moment=["before", "after"], exchange=EXCHANGES, in_flight=IN_FLIGHT
    )

    @_measure.unit("msg/s", higher_is_better=True)
    def track_throughput(self, cache: Cache, *params: Any) -> dict[str, Any]:
        """Messages confirmed per second."""
        return _measure.samples(cache[params], lambda r: r.rate)

    @_measure.unit("seconds")
    def track_time_per_message(self, cache: Cache, *params: Any) -> dict[str, Any]:
        """The same as a time, for those of asv's commands to which less is better."""
        return _measure.samples(cache[params], lambda r: r.time)


class SiblingCloseRatio(_measure.Benchmark):
    """The same as a multiple of plain aio-pika's time per message in the same turns.

    Plain aio-pika publishes to the default exchange.
    """

    params, param_names = SiblingClose.params, SiblingClose.param_names

    @_measure.unit(_measure.RATIO)
    def track_time(self, cache: Cache, *params: Any) -> dict[str, Any]:
        """Wall time per message; that of a hang is its deadline."""
        plain = (PLAIN, *params)
        return _measure.ratio(cache[params], cache[plain], lambda r: r.time)
