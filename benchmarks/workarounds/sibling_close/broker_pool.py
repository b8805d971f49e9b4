"""Publish through a pool of brokers that stay open, a connection each, taken in turns."""

from __future__ import annotations

import itertools

from benchmarks import compat
from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds.sibling_close._common import Case

BROKERS = 3


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    pool = [case.make_broker() for _ in range(BROKERS)]
    for broker in pool:
        await bench.setup("starting the pool", compat.start(broker, bench.url))
    turns = itertools.cycle(pool)
    await case.hang()
    return await case.judge(lambda body: case.publish(body, next(turns)))


if __name__ == "__main__":
    main(probe)
