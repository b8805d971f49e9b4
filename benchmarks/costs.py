"""What some costs of one release are: a process that measures them once and prints JSON.

``python -m benchmarks.costs GROUP ...``, with RabbitMQ at ``AMQP_URL``. The search for the release
that made something slower starts it in turns in the environments of several releases; it measures
only what is asked for, so that a turn is short, and the releases of a round are close together.

Prints ``{"values": {benchmark: value}, "failed": {benchmark: reason}, "broken": reason, "pace":
seconds, "held_up": seconds}``: medians over the turns of seconds, or bytes; less is better
throughout. `pace` is what a fixed piece of Python took meanwhile, which depends on the machine and
not on the release, and `held_up` is how long the process waited for a processor. Exits with 128
where RabbitMQ does not answer, with 125 where the release does not import.
"""

from __future__ import annotations

import sys
import time

if __name__ == "__main__":  # before anything else that it would have to import itself
    begin = time.process_time()
    try:
        __import__("faststream.rabbit")
    except Exception as error:
        print(f"does not import: {error}", file=sys.stderr)
        sys.exit(125)
    imported = time.process_time() - begin

import asyncio
import contextlib
import json
import os
import statistics
import traceback
from pathlib import Path
from typing import Any, Awaitable, Callable, Sequence

from benchmarks import _measure, compat, consume, lifecycle
from benchmarks._measure import FASTSTREAM, Plain, Round
from benchmarks.consume import BODY
from benchmarks.rounds import ABORT

TURNS, RECEIVE_TURNS, REQUEST_TURNS, OPENINGS = 8, 4, 8, 10
MANY, ONE = 100, 1
BATCHES = 3
PACE_LOOPS = 20_000


class Costs:
    """What was measured: by benchmark its value, or why it failed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.values: dict[str, float] = {}
        self.failed: dict[str, str] = {}

    def add(self, name: str, rounds: Sequence[Round], value: Callable[[Round], float]) -> None:
        """Add a benchmark."""
        if rounds[0].trouble:
            self.failed[name] = rounds[0].trouble
        else:
            self.values[name] = statistics.median(map(value, rounds))

    def add_both(self, name: str, rounds: Sequence[Round]) -> None:
        """Add what a message costs, in time and in CPU time."""
        self.add(f"{name}: time per message", rounds, lambda r: r.time)
        self.add(f"{name}: CPU time per message", rounds, lambda r: r.cpu_time)


async def peak_memory(costs: Costs) -> None:
    """While it has opened a broker and published 300 messages; to be measured first."""
    plain, broker = await _started(costs.url)
    for _ in range(BATCHES):
        calls = (broker.publish(BODY, plain.name) for _ in range(MANY))
        await _measure.step(asyncio.gather(*calls), plain)
    costs.values["peak memory"] = _measure.peak_memory()
    await _stopped(plain, broker)


async def publish(costs: Costs) -> None:
    """`broker.publish`, 100 in flight."""
    plain, broker = await _started(costs.url)
    costs.add_both("publish", await _alone(lambda: broker.publish(BODY, plain.name), MANY, plain))
    await _stopped(plain, broker)


async def latency(costs: Costs) -> None:
    """`broker.publish`, one after the other."""
    plain, broker = await _started(costs.url)
    rounds = await _alone(lambda: broker.publish(BODY, plain.name), ONE, plain)
    costs.add("publish: latency", rounds, lambda r: r.time)
    await _stopped(plain, broker)


async def publisher_object(costs: Costs) -> None:
    """A publisher declared beforehand, 100 in flight."""
    plain = Plain()
    await plain.open(costs.url)
    broker = compat.make_broker(costs.url)
    publisher = broker.publisher(plain.name)
    await _measure.step(compat.start(broker, costs.url), plain)
    costs.add_both("publisher object", await _alone(lambda: publisher.publish(BODY), MANY, plain))
    await _stopped(plain, broker)


async def receive(costs: Costs) -> None:
    """A subscriber with messages waiting for it."""
    found = await consume.consume_in_turns(costs.url, RECEIVE_TURNS)
    costs.add_both("receive", found["consume", FASTSTREAM])


async def request(costs: Costs) -> None:
    """Ask a subscriber in the same process and wait for the answer."""
    found = await consume.request_in_turns(costs.url, REQUEST_TURNS)
    costs.add("request: time", found["request", FASTSTREAM], lambda r: r.time)


async def openings(costs: Costs) -> None:
    """A broker is started, publishes a message, and is closed."""
    plain = Plain()
    await plain.open(costs.url)
    opened = await lifecycle.openings(costs.url, plain, OPENINGS)
    for step in ("open", "close"):
        costs.add(f"{step}: time", opened[FASTSTREAM, step], lambda r: r.time)
    await plain.disconnect()


async def _started(url: str) -> Any:
    plain = Plain()
    await plain.open(url)
    broker = compat.make_broker(url)
    await _measure.step(compat.start(broker, url), plain)
    return plain, broker


async def _stopped(plain: Plain, broker: Any) -> None:
    await _measure.step(compat.close(broker), plain)
    await plain.disconnect()


async def _alone(call: _measure.Call, in_flight: int, plain: Plain) -> list[Round]:
    return (await _measure.in_turns({"": (call, in_flight)}, plain, TURNS))[""]


GROUPS: dict[str, Callable[[Costs], Awaitable[None]]] = {
    "peak memory": peak_memory,  # the first: what comes before it needs memory, too
    "publish": publish,
    "publish latency": latency,
    "publisher object": publisher_object,
    "receive": receive,
    "request": request,
    "open and close": openings,
}
IMPORT = "import"


def pace() -> float:
    """Seconds that a fixed piece of Python takes now."""
    begin = time.perf_counter()
    numbers: dict[int, str] = {}
    for n in range(PACE_LOOPS):
        numbers[n % 977] = str(n)
    return time.perf_counter() - begin


def held_up() -> float:
    """Seconds that this thread has waited for a processor so far; 0 where nobody counts that."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    return 0.0


def main(import_seconds: float, groups: Sequence[str]) -> None:
    """Measure, print, and end.

    Args:
        import_seconds: CPU time that importing FastStream took.
    """
    compat.quiet()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    paces = [pace(), pace()]
    costs = Costs(_measure.amqp_url())
    broken = ""
    try:
        for group in (g for g in GROUPS if g in groups):
            loop.run_until_complete(GROUPS[group](costs))
            paces.append(pace())
    except _measure.NoRabbitMQError as error:
        print(error, file=sys.stderr)
        sys.exit(ABORT)
    except Exception as error:  # the release's, unless RabbitMQ went away: whoever started us asks
        traceback.print_exc()
        broken = f"{type(error).__name__}: {error}"
    if IMPORT in groups:
        costs.values["import: CPU time"] = import_seconds
    told = {"values": costs.values, "failed": costs.failed, "broken": broken}
    told.update(pace=statistics.median(paces), held_up=held_up())
    print(json.dumps(told), flush=True)
    os._exit(0)  # tasks that hang would keep asyncio waiting


if __name__ == "__main__":
    main(imported, sys.argv[1:])
