"""Ask `broker.ping` before each publish, and raise when it says no."""

from __future__ import annotations

from benchmarks.scenarios._common import UNTESTABLE, Bench, EarlyError, Observation, main
from benchmarks.workarounds._common import NOT_TRIED, PATIENCE
from benchmarks.workarounds.publish_connection_lost._common import Case


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    if not hasattr(case.broker, "ping"):
        reason = "this release has no broker.ping"
        raise EarlyError(Observation(UNTESTABLE, NOT_TRIED, reason, {}))
    await case.lose()

    async def publish(body: str) -> None:
        if not await case.broker.ping(PATIENCE):
            raise ConnectionError("broker.ping says no")
        await case.publish(body)

    return await case.judge(publish)


if __name__ == "__main__":
    main(probe)
