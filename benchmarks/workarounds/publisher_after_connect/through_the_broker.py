"""Publish with `broker.publish`, without a publisher object."""

from __future__ import annotations

from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds.publisher_after_connect._common import Case


async def probe(bench: Bench) -> Observation:
    case = Case(bench)
    await case.start(consume=False)
    await case.late_publisher()
    return await case.try_out(lambda body: case.broker.publish(body, case.control.queue))


if __name__ == "__main__":
    main(probe)
