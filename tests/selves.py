"""Releases compared with themselves: what does `changes` find where there is nothing to find?

`python -m tests.selves [SECONDS [RUNS]]` looks so long at each of so many releases, spread over the
history, each with a seed of its own, and prints a table.
"""

from __future__ import annotations

import asyncio
import random
import sys

from bisector.changes.comparison import Comparison, Plan
from bisector.changes.kinds import DIMENSIONS
from bisector.changes.looking import JOBS
from bisector.changes.planning import Key
from bisector.changes.runs import runner
from bisector.environments import recipes, releases
from bisector.environments.building import import_failure, install
from bisector.rabbitmq.broker import open_broker

RUNS = 20


async def compare(seconds: float, runs: int) -> int:
    """Compare, every situation on both sides, and return how many findings there were."""
    history = [release for release in releases.load() if release.stable]
    total = 0
    async with open_broker(lambda _text: None) as (broker, _):
        for run in range(runs):
            environment = recipes.of(history[run * (len(history) - 1) // max(1, runs - 1)])
            await install(environment)
            if why := await import_failure(environment):
                print(f"| {environment.version} | 0 | 0 | 0 | {why} |", flush=True)
                continue
            async with (
                runner("one", environment, broker, JOBS) as one,
                runner("the other", environment, broker, JOBS) as other,
            ):
                comparison = Comparison(one, other, DIMENSIONS, key=_drawn(run))
                found = await comparison.run(Plan(seconds, seed=run))
            total += len(found)
            seen, told = comparison.compared, "; ".join(f.sentence[:150] for f in found)
            print(f"| {environment.version} | {seen.situations} | {sum(seen.masked.values())} |"
                  f" {len(found)} | {told} |", flush=True)  # fmt: skip
    return total


def _drawn(seed: int) -> Key:
    """Another order in every run, so that all of the grammar has its turn."""
    drawn = random.Random(seed)
    order = {choice: drawn.random() for d in DIMENSIONS for choice in d.choices}
    return lambda some: min(order[choice] for choice in some)


if __name__ == "__main__":
    seconds, runs = (*map(float, sys.argv[1:]), *(30.0, float(RUNS))[len(sys.argv) - 1 :])
    print("| release | situations | masked | findings | what |", flush=True)
    print(f"{asyncio.run(compare(seconds, int(runs)))} findings in {int(runs)} runs")
