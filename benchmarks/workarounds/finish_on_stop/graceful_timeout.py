"""Make the broker with `graceful_timeout=`, longer than any handler takes."""

from __future__ import annotations

from benchmarks import compat
from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds.finish_on_stop._common import ENOUGH_SECONDS, judge


async def probe(bench: Bench) -> Observation:
    return await judge(
        bench, lambda case: compat.close(case.broker), graceful_timeout=ENOUGH_SECONDS
    )


if __name__ == "__main__":
    main(probe)
