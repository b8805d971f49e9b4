"""Look at the connection's own `connected` before each publish, and raise when it is not set."""

from __future__ import annotations

from benchmarks.scenarios._common import UNTESTABLE, Bench, EarlyError, Observation, main
from benchmarks.workarounds._common import NOT_TRIED
from benchmarks.workarounds.publish_connection_lost._common import Case


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    connected = getattr(case.broker._connection, "connected", None)
    if connected is None:
        reason = "this aio-pika's connections have no such state"
        raise EarlyError(Observation(UNTESTABLE, NOT_TRIED, reason, {}))
    await case.lose()

    async def publish(body: str) -> None:
        if not connected.is_set():
            raise ConnectionError("not connected")
        await case.publish(body)

    return await case.judge(publish)


if __name__ == "__main__":
    main(probe)
