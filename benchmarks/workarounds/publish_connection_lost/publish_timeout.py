"""Give `publish` a `timeout=`."""

from __future__ import annotations

from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds._common import PATIENCE
from benchmarks.workarounds.publish_connection_lost._common import Case


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    await case.lose()
    return await case.judge(lambda body: case.publish(body, timeout=PATIENCE))


if __name__ == "__main__":
    main(probe)
