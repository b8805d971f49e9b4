"""Watch the connection, and close the broker and start it again when it is found broken."""

from __future__ import annotations

from typing import Any

from benchmarks import compat
from benchmarks.scenarios._common import UNTESTABLE, Bench, EarlyError, Observation, main, watch
from benchmarks.workarounds._common import NOT_TRIED, PATIENCE, STEP_SECONDS
from benchmarks.workarounds.sibling_close._common import Case


async def _look(broker: Any) -> dict[str, bool]:
    """What there is to be asked, and whether it says that the connection is well.

    No release before 0.5.15 has `broker.ping`; a connection has no `connected` before aio-pika 9.
    """
    connection, channel = broker._connection, getattr(broker, "_channel", None)
    connected = getattr(connection, "connected", None)
    return {
        **({"broker.ping": await broker.ping(PATIENCE)} if hasattr(broker, "ping") else {}),
        "connection.is_closed": not connection.is_closed,
        **({"connection.connected": connected.is_set()} if connected else {}),
        **({"channel.is_closed": not channel.is_closed} if channel else {}),
    }


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    if not all((await _look(case.broker)).values()):
        reason = "the connection is found broken while it still works"
        raise EarlyError(Observation(UNTESTABLE, NOT_TRIED, reason, {}))
    await case.hang()
    await case.give_up("advised 0")
    asked = case.evidence["well"] = await _look(case.broker)
    if all(asked.values()):
        case.notes.append(f"never found broken, by {', '.join(asked)}")
        return await case.judge(case.publish)
    for what, step in [
        ("closing", compat.close(case.broker)),
        ("starting again", compat.start(case.broker, bench.url)),
    ]:
        done = await watch(step, STEP_SECONDS)
        if not done.returned:
            return await case.failed(what, done)
    return await case.judge(case.publish)


if __name__ == "__main__":
    main(probe)
