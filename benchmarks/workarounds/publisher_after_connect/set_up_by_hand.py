"""Give the publisher by hand what `connect` gives to those before it: `broker.setup_publisher`."""

from __future__ import annotations

from benchmarks.scenarios._common import UNTESTABLE, Bench, EarlyError, Observation, main
from benchmarks.workarounds._common import NOT_TRIED
from benchmarks.workarounds.publisher_after_connect._common import Case


async def probe(bench: Bench) -> Observation:
    case = Case(bench)
    await case.start(consume=False)
    if not hasattr(case.broker, "setup_publisher"):
        reason = "this release has no setup_publisher"
        raise EarlyError(Observation(UNTESTABLE, NOT_TRIED, reason, {}))
    publisher = await case.late_publisher()
    case.broker.setup_publisher(publisher)
    return await case.try_out(publisher.publish)


if __name__ == "__main__":
    main(probe)
