"""Create all publishers before the broker connects."""

from __future__ import annotations

from typing import Any

from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds.publisher_after_connect._common import Case


async def probe(bench: Bench) -> Observation:
    case = Case(bench)
    early: list[Any] = []
    await case.start(lambda: early.append(case.broker.publisher(case.control.queue)), consume=False)
    await case.late_publisher()
    return await case.try_out(early[0].publish)


if __name__ == "__main__":
    main(probe)
