"""Count the handlers at work, and stop the broker a moment after the last has ended."""

from __future__ import annotations

import asyncio

from benchmarks import compat
from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds.finish_on_stop._common import Case, judge

A_MOMENT = 0.1  # for FastStream to acknowledge what the handler has finished


async def stop(case: Case) -> None:
    await case.idle.wait()
    await asyncio.sleep(A_MOMENT)
    await compat.close(case.broker)


async def probe(bench: Bench) -> Observation:
    return await judge(bench, stop)


if __name__ == "__main__":
    main(probe)
