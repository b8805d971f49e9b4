"""Call `broker.start()` after the publisher was created, though nothing is consumed."""

from __future__ import annotations

from benchmarks.scenarios._common import Bench, Observation, main, watch
from benchmarks.workarounds._common import STEP_SECONDS
from benchmarks.workarounds.publisher_after_connect._common import Case


async def probe(bench: Bench) -> Observation:
    case = Case(bench)
    await case.start(consume=False)
    publisher = await case.late_publisher()
    started = await watch(case.broker.start(), STEP_SECONDS)
    if not started.returned:
        return await case.failed("starting", started)
    case.consumes = True
    return await case.try_out(publisher.publish)


if __name__ == "__main__":
    main(probe)
