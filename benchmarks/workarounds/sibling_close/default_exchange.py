"""Publish to the default exchange, straight to a queue."""

from __future__ import annotations

from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds.sibling_close._common import Case


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    await case.hang()
    return await case.judge(lambda body: case.broker.publish(body, case.control.queue))


if __name__ == "__main__":
    main(probe)
