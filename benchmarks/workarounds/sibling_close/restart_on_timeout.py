"""When a publish times out, close the broker, start it again and publish once more."""

from __future__ import annotations

from benchmarks import compat
from benchmarks.scenarios._common import Bench, Observation, main, watch
from benchmarks.workarounds._common import STEP_SECONDS
from benchmarks.workarounds.sibling_close._common import Case


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    await case.hang()
    await case.give_up("advised 0")
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
