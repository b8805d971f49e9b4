"""Whose fault a step is: its two releases crossed with each other's dependencies, on cost.

A cross is measured in turns with both releases.  It counts as the side whose level it has: that
side of the middle between the two on which it is with the certainty asked for.
"""

from __future__ import annotations

import math
import random

from scipy import stats

from bisector.bisection import blame as blaming
from bisector.bisection.blame import Blame
from bisector.bisection.crosses import Side
from bisector.check import rule
from bisector.cost.result import Step
from bisector.cost.search import Search
from bisector.environments import building
from bisector.environments.recipes import Environment
from bisector.questions.behaviour import UNIMPORTABLE, Observation
from bisector.questions.cost import Benchmark
from bisector.search.exact import Verdict

COST = "cost"
"""The outcome of a cross that was measured."""
LIKE_BEFORE, LIKE_AFTER = Verdict.GOOD, Verdict.BAD


async def blame(search: Search, step: Step) -> Blame:
    """Find the changes that bring the step."""
    for name in (step.tested.before, step.tested.after):
        await building.install(search.environment(name))  # what they hold is read here
    crosses = Crosses(search, step)
    package = search.axis.package
    return await blaming.blame(
        package, crosses.side(0), crosses.side(1), LIKE_BEFORE, crosses.observe, jobs=1
    )


class Crosses:
    """Measures environments beside those of the two releases of a step."""

    def __init__(self, search: Search, step: Step) -> None:
        self._search, self._tested = search, step.tested
        self._names = (step.tested.before, step.tested.after)
        self._sides = [search.environment(name) for name in self._names]
        self._wanted: list[Benchmark] = [
            b for b in search.subject.benchmarks if b.name == step.tested.benchmark
        ]
        self._step = math.log1p(step.tested.change)
        self._random = random.Random()

    def side(self, index: int) -> Side:
        """One of the two releases, as blame takes it."""
        verdict = (LIKE_BEFORE, LIKE_AFTER)[index]
        name, environment = self._names[index], self._sides[index]
        return Side(name, environment, [self._seen(name, environment, verdict, COST, name)])

    async def observe(
        self, name: str, environment: Environment, *, alone: bool = False
    ) -> Observation:
        """Measure a cross until it is clear which side it is like, or the rounds are used up."""
        del alone  # nothing else is ever measured meanwhile
        self._search.note(f"measuring {name}")
        if why := await self._search.subject.rounds.prepare(environment):
            return self._seen(name, environment, Verdict.SKIP, UNIMPORTABLE, why)
        logs: list[float] = []
        low = high = 0.0
        for look in rule.LOOKS:
            while len(logs) < look:
                found = await self._round(environment)
                if isinstance(found, str):
                    return self._seen(name, environment, Verdict.SKIP, COST, found)
                logs.append(found)
            low, high = self._interval(logs)
            # As parts of the step, 0 is the level of before and 1 that of after.
            if high < 0.5:
                return self._told(name, environment, LIKE_BEFORE, logs)
            if low > 0.5:
                return self._told(name, environment, LIKE_AFTER, logs)
        return self._told(name, environment, Verdict.SKIP, logs)

    async def _round(self, environment: Environment) -> float | str:
        """Where the cross lies against the release before; or why it cannot be measured."""
        order = [*self._sides, environment]
        self._random.shuffle(order)
        figures = await self._search.subject.round(order, self._wanted)
        (benchmark,) = self._wanted
        found = dict(zip((e.digest for e in order), figures, strict=True))
        values = []
        for one in (environment, self._sides[0]):
            measured = found[one.digest]
            if benchmark.name not in measured.values:
                return measured.failed.get(benchmark.name, "it gave no figure")
            values.append(measured.values[benchmark.name])
        return math.log(values[0] / values[1])

    def _interval(self, logs: list[float]) -> tuple[float, float]:
        """Of the cross, as parts of the step, oldest level first."""
        n = len(logs)
        mean = sum(logs) / n
        spread = math.sqrt(sum((x - mean) ** 2 for x in logs) / (n - 1) / n)
        looks = len(rule.LOOKS)
        doubt = float(stats.t.ppf(1 - (1 - self._search.wish.confidence) / looks, n - 1)) * spread
        ends = sorted(((mean - doubt) / self._step, (mean + doubt) / self._step))
        return ends[0], ends[1]

    def _told(
        self, name: str, environment: Environment, verdict: Verdict, logs: list[float]
    ) -> Observation:
        before, after = self._names
        change = 100 * math.expm1(sum(logs) / len(logs))
        like = {
            LIKE_BEFORE: f"like {before}",
            LIKE_AFTER: f"like {after}",
            Verdict.SKIP: f"between {before} and {after}, cannot be told",
        }[verdict]
        reason = f"{like}: {change:+.1f} % against {before}, {len(logs)} rounds"
        return self._seen(name, environment, verdict, COST, reason)

    def _seen(
        self, name: str, environment: Environment, verdict: Verdict, outcome: str, reason: str
    ) -> Observation:
        return Observation(
            name, verdict, outcome, reason, 0.0, environment.dependencies(), alone=True
        )
