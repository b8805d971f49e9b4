"""When a publish times out, start a new broker and publish through that one."""

from __future__ import annotations

from benchmarks import compat
from benchmarks.scenarios._common import Bench, Observation, main, watch
from benchmarks.workarounds._common import STEP_SECONDS
from benchmarks.workarounds.sibling_close._common import Case


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    await case.hang()
    await case.give_up("advised 0")

    # First as one would do it for a single message: open, publish, close.
    for kept in (False, True):
        fresh = case.make_broker()
        started = await watch(compat.start(fresh, bench.url), STEP_SECONDS)
        if not started.returned:
            return await case.failed("starting a new broker", started)
        old = await watch(case.publish("through the old broker"), case.deadline)
        case.evidence["old_broker_publishes"] = old.returned
        if not kept:
            await bench.setup("closing the new broker", compat.close(fresh))
            again = await watch(case.publish("through the old broker"), case.deadline)
            case.evidence["old_broker_publishes_after_closing_it"] = again.returned
    if old.returned:
        until = "" if again.returned else ", until the new one is closed"
        case.notes.append(f"the old broker publishes again, too{until}")
    return await case.judge(lambda body: case.publish(body, fresh))


if __name__ == "__main__":
    main(probe)
