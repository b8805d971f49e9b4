"""Releases compared with themselves: what does `changes` find where there is nothing to find?

`python -m tests.selves [SECONDS [RUNS]]` looks so long at each of so many releases, spread over the
history, each with a seed of its own, and prints a table.
"""

from __future__ import annotations

import asyncio
import sys

from bisector.changes.comparison import Plan
from bisector.changes.kinds import DIMENSIONS
from bisector.changes.looking import Side, look
from bisector.environments import recipes, releases
from bisector.environments.building import install
from bisector.rabbitmq.broker import open_broker

RUNS = 20


async def compare(seconds: float, runs: int) -> int:
    """Compare, and return how many findings there were."""
    history = [release for release in releases.load() if release.stable]
    total = 0
    async with open_broker(lambda _text: None) as (broker, _):
        for run in range(runs):
            environment = recipes.of(history[run * (len(history) - 1) // max(1, runs - 1)])
            await install(environment)
            old, new = (Side(f"{environment.version} ({role})", environment) for role in "ab")
            plan = Plan(seconds, seed=run)
            looked = await look(old, new, broker, DIMENSIONS, plan, lambda _text: None)
            total += len(looked.findings)
            seen, found = looked.compared, "; ".join(f.sentence[:150] for f in looked.findings)
            masked = sum(seen.masked.values())
            print(f"| {environment.version} | {seen.situations} | {seen.alike} | {masked} |"
                  f" {len(looked.findings)} | {found} |", flush=True)  # fmt: skip
    return total


if __name__ == "__main__":
    seconds, runs = (*map(float, sys.argv[1:]), *(30.0, float(RUNS))[len(sys.argv) - 1 :])
    print("| release | situations | old side alone | masked | findings | what |", flush=True)
    print(f"{asyncio.run(compare(seconds, int(runs)))} findings in {int(runs)} runs")
