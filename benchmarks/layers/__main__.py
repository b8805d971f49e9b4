"""A process that measures the rungs of one release, a turn whenever it is told to.

``python -m benchmarks.layers RUNGS ORDERS``, with RabbitMQ at ``AMQP_URL``.  RUNGS is JSON: by
direction (publish, receive, request) a list of rungs as `benchmarks.layers.rungs` describes them.
ORDERS is a named pipe.  Says that it is ready with a line of JSON, ``{"pid": its number}``; then
each line of the pipe is an order, and has a turn measured: ``{"direction": name, "measure":
what}``, which is

``many``   time and CPU time per message, many in flight or waiting (publish and receive)
``one``    latencies, one in flight; of requests time and CPU time, too
``load``   with ``rung`` and ``rate``: latencies while messages come so many a second (receive)
``work``   with ``rung`` and ``seconds``: works so long, for a profiler to look at

Answers with a line of JSON: ``{"rungs": {name: {"time": seconds, "cpu": seconds, "latencies":
[seconds]}}, "left_out": {name: reason}, "failed": {name: reason}, "broken": reason, "held_up":
seconds}``.  Ends with the pipe; with 128 where RabbitMQ does not answer, with 125 where the release
does not import.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import traceback
from typing import Any, Iterator

from benchmarks import _measure, compat
from benchmarks.costs import held_up
from benchmarks.layers.rungs import Rung
from benchmarks.layers.turns import Direction, Found
from benchmarks.rounds import ABORT

UNIMPORTABLE = 125


class Measuring:
    """Goes on with a direction where it was."""

    def __init__(self, ladder: dict[str, Any], url: str) -> None:
        self._directions = {
            name: Direction(name, [Rung(**rung) for rung in rungs], url)
            for name, rungs in ladder.items()
        }
        self._open: set[str] = set()
        self._broken: dict[str, str] = {}

    async def turn(self, order: dict[str, Any]) -> dict[str, Any]:
        """What the turn came to, as it is told."""
        name = order.pop("direction")
        direction = self._directions[name]
        found: dict[str, Found] = {}
        if name not in self._broken:
            try:
                if name not in self._open:
                    self._open.add(name)
                    await direction.open()
                    gc.collect()  # what is collected in a turn is only what is new in it
                    gc.freeze()
                found = await direction.turn(**order)
            except (_measure.NoRabbitMQError, compat.NotImportableError):
                raise
            except Exception as error:  # the release's, unless RabbitMQ went: whoever orders asks
                traceback.print_exc()
                self._broken[name] = f"{type(error).__name__}: {error}"
        for figures in found.values():
            if "latencies" in figures:  # there are thousands; to a tenth of a microsecond
                figures["latencies"] = [round(seconds, 7) for seconds in figures["latencies"]]
        return {
            "rungs": found,
            "left_out": direction.left_out,
            "failed": direction.failed,
            "broken": self._broken.get(name, ""),
            "held_up": held_up(),
        }


async def _obey(ladder: dict[str, Any], orders: Iterator[str]) -> None:
    """Measure what is ordered, until there is no more; meanwhile all else stands still."""
    measuring = Measuring(ladder, _measure.amqp_url())
    for order in orders:
        print(json.dumps(await measuring.turn(json.loads(order))), flush=True)


def main(ladder: str, pipe: str) -> None:
    """Measure, print, and end."""
    compat.quiet()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        compat.rabbit()
        with open(pipe, encoding="utf-8") as orders, _measure.no_garbage_collection():  # noqa: PTH123
            print(json.dumps({"pid": os.getpid()}), flush=True)
            loop.run_until_complete(_obey(json.loads(ladder), orders))
    except _measure.NoRabbitMQError as error:
        print(error, file=sys.stderr)
        sys.exit(ABORT)
    except compat.NotImportableError as error:
        print(error, file=sys.stderr)
        sys.exit(UNIMPORTABLE)
    os._exit(0)  # tasks that hang would keep asyncio waiting


if __name__ == "__main__":
    main(*sys.argv[1:])
