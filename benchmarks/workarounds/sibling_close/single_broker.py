"""Share a single broker in the whole process; open no sibling."""

from __future__ import annotations

from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds.sibling_close._common import Case


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    return await case.judge(case.publish, prevents=True)


if __name__ == "__main__":
    main(probe)
