"""Wrap `publish` in `asyncio.wait_for` and try again on the same broker."""

from __future__ import annotations

import asyncio

from benchmarks.scenarios._common import Bench, Observation, describe, main
from benchmarks.workarounds._common import PATIENCE
from benchmarks.workarounds.sibling_close._common import Case

ATTEMPTS = 3


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    await case.hang()
    attempts = case.evidence["attempts"] = []

    async def publish(body: str) -> None:
        for left in reversed(range(ATTEMPTS)):
            try:
                return await asyncio.wait_for(case.publish(body), PATIENCE)
            except Exception as error:
                attempts.append(describe(error))
                if not left:
                    raise
        return None

    case.deadline += ATTEMPTS * PATIENCE
    return await case.judge(publish)


if __name__ == "__main__":
    main(probe)
