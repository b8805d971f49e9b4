"""Let the sibling log in as another user."""

from __future__ import annotations

from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds._common import other
from benchmarks.workarounds.sibling_close._common import Case


async def probe(bench: Bench) -> Observation:
    url = other("AMQP_URL_OTHER_USER", "a second user")
    case = await Case.begin(bench)
    async with case.sibling(url) as sibling:
        call = case.publish("from the sibling", sibling)
        await bench.setup("publishing through the sibling", call)
    return await case.judge(case.publish, prevents=True)


if __name__ == "__main__":
    main(probe)
