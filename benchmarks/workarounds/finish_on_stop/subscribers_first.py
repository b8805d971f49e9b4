"""Stop the subscribers, give the handlers time, and only then stop the broker."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks import compat
from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds.finish_on_stop._common import WORK_SECONDS, Case, judge


async def stop(case: Case) -> None:
    for subscriber in _subscribers(case.broker):
        await (subscriber.stop() if hasattr(subscriber, "stop") else subscriber.close())
    await asyncio.sleep(2 * WORK_SECONDS)
    await compat.close(case.broker)


def _subscribers(broker: Any) -> Any:
    """They were called handlers up to 0.4, and were kept by their hash up to 0.5."""
    found = next(
        getattr(broker, name)
        for name in ("subscribers", "_subscribers", "handlers")
        if hasattr(broker, name)
    )
    return list(found.values() if isinstance(found, dict) else found)


async def probe(bench: Bench) -> Observation:
    return await judge(bench, stop)


if __name__ == "__main__":
    main(probe)
