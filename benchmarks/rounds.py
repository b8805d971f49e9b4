"""One round of a comparison of two releases: a process that measures its release and prints JSON.

``python -m benchmarks.rounds [--quick]``, with RabbitMQ at ``AMQP_URL``. A comparison starts it in
turns in the environments of two releases. A new process each time, for what differs between two
processes of one and the same release (addresses in memory, the order in sets) is part of the noise
that a difference between releases has to stand out from.

Prints ``{"values": {benchmark: [value, ratio]}, "failed": {benchmark: reason}, "broken": reason}``:
medians over the turns of seconds (or bytes), and of the multiple of what plain aio-pika took in the
same turn, where there is such a thing, else the value again. Less is better throughout. Exits with
128 where RabbitMQ does not answer, with 125 where the release does not import.
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
import json
import os
import statistics
import traceback
from typing import Callable

from benchmarks import _measure, compat, consume, lifecycle
from benchmarks._measure import FASTSTREAM, PLAIN, Plain, Round
from benchmarks.consume import BODY

ABORT = 128
TURNS, QUICK_TURNS, RECEIVE_TURNS, OPENINGS = 6, 5, 4, 10
MANY, ONE = 100, 1


def main(import_seconds: float) -> None:
    """Measure, print, and end.

    Args:
        import_seconds: CPU time that importing FastStream took.
    """
    compat.quiet()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    figures = Figures()
    try:
        loop.run_until_complete(measure(_measure.amqp_url(), figures, quick="--quick" in sys.argv))
    except _measure.NoRabbitMQError as error:
        print(error, file=sys.stderr)
        sys.exit(ABORT)
    except Exception as error:  # the release's, unless RabbitMQ went away: the other side asks that
        traceback.print_exc()
        figures.broken = f"{type(error).__name__}: {error}"
    figures.values["import: CPU time"] = [import_seconds, import_seconds]
    figures.values["peak memory"] = [_measure.own_memory()] * 2
    print(json.dumps(vars(figures)), flush=True)
    os._exit(0)  # tasks that hang would keep asyncio waiting


class Figures:
    """What was measured: by benchmark, its `values`, or why it `failed`.

    `broken` is what ended the measuring, if it has not come to all benchmarks.
    """

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = {}
        self.failed: dict[str, str] = {}
        self.broken = ""

    def add(
        self, name: str, mine: list[Round], plain: list[Round], value: Callable[[Round], float]
    ) -> None:
        """Add a benchmark from the rounds of FastStream and of plain aio-pika, turn by turn.

        Raises NoRabbitMQError where even plain aio-pika failed.
        """
        if mine[0].trouble:
            self.failed[name] = mine[0].trouble
        else:
            ratios = _measure.ratio(mine, plain, value)["samples"]
            self.values[name] = [statistics.median(map(value, mine)), statistics.median(ratios)]


async def measure(url: str, figures: Figures, *, quick: bool) -> None:
    """Measure all that needs RabbitMQ; `quick` leaves out all but `broker.publish`."""
    turns = QUICK_TURNS if quick else TURNS
    plain = Plain()
    await plain.open(url)
    broker = compat.make_broker(url)
    publisher = broker.publisher(plain.name)
    await _measure.step(compat.start(broker, url), plain)
    calls: _measure.Calls = {
        ("publish", MANY): (lambda: broker.publish(BODY, plain.name), MANY),
        (PLAIN, MANY): (lambda: plain.publish(BODY), MANY),
        ("publisher object", MANY): (lambda: publisher.publish(BODY), MANY),
        ("publish", ONE): (lambda: broker.publish(BODY, plain.name), ONE),
        (PLAIN, ONE): (lambda: plain.publish(BODY), ONE),
    }
    if quick:
        del calls["publisher object", MANY]
    rounds = await _measure.in_turns(calls, plain, turns)
    for way in ("publish",) if quick else ("publish", "publisher object"):
        add_costs(figures, way, rounds[way, MANY], rounds[PLAIN, MANY])
    figures.add("publish: latency", rounds["publish", ONE], rounds[PLAIN, ONE], lambda r: r.time)
    if quick:
        return
    received = await consume.consume_in_turns(url, RECEIVE_TURNS)
    add_costs(figures, "receive", received["consume", FASTSTREAM], received["consume", PLAIN])
    opened = await lifecycle.openings(url, plain, OPENINGS)
    for step in ("open", "close"):
        mine, other = opened[FASTSTREAM, step], opened[PLAIN, step]
        figures.add(f"{step}: time", mine, other, lambda r: r.time)


def add_costs(figures: Figures, name: str, mine: list[Round], plain: list[Round]) -> None:
    """Add what a message costs, in time and in CPU time."""
    figures.add(f"{name}: time per message", mine, plain, lambda r: r.time)
    figures.add(f"{name}: CPU time per message", mine, plain, lambda r: r.cpu_time)


if __name__ == "__main__":
    main(imported)
