"""Rounds of a cost on dask's workers: each round on one of them as a whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from bisector.environments.recipes import Environment
from bisector.places.dask import cells, workers
from bisector.places.dask.cluster import Cluster
from bisector.places.rounds import Round
from bisector.questions.behaviour import Observation
from bisector.questions.cost import Benchmark, Figures
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq import NO_BROKER


class RoundsOnDask:
    """The workers of a cluster; figures of different workers are never compared."""

    def __init__(self, cluster: Cluster, rabbitmq: str) -> None:
        """Take the version of RabbitMQ that all are measured beside."""
        self._cluster, self._rabbitmq = cluster, rabbitmq
        self._took: set[str] = set()

    @property
    def machines(self) -> int:
        """How many workers took rounds so far."""
        return len(self._took)

    async def prepare(self, environment: Environment) -> str | None:
        """Install an environment on one worker, and import in it; others do so before a round."""
        found: str | None = await self._ask([environment], None, kind="prepare")
        return found

    async def round(
        self, environments: Sequence[Environment], wanted: Collection[Benchmark], attempts: int
    ) -> Round:
        """Measure environments in turns, on one worker, while nothing else runs there."""
        names = [benchmark.name for benchmark in wanted]
        told = await self._ask(
            environments, self._rabbitmq, kind="round", wanted=names, attempts=attempts
        )
        return Round([Figures(**figures) for figures in told["figures"]], told["void"])

    async def run(
        self, environments: Sequence[Environment], program: Program, rules: Rules
    ) -> list[Observation]:
        """Run a program in each environment, all of them on one worker."""
        rabbitmq = self._rabbitmq if program.broker and self._rabbitmq != NO_BROKER else None
        told = await self._ask(
            environments, rabbitmq, kind="run", program=program, rules=asdict(rules)
        )
        return [Observation.from_json(row) for row in told]

    async def _ask(
        self, environments: Sequence[Environment], rabbitmq: str | None, **what: Any
    ) -> Any:
        wishes = workers.wishes((each.python for each in environments), rabbitmq)
        told = await self._cluster.ask(cells.rounds(environments, rabbitmq or "", wishes, **what))
        if what["kind"] != "prepare":
            self._took.add(told["worker"])
        return told["answer"]
