"""Dask's workers as a place: what is asked of this machine can be asked of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from bisector.environments.recipes import Environment
from bisector.errors import OutsideError
from bisector.places.dask import cells, workers
from bisector.places.dask.cluster import Cluster
from bisector.places.place import Stage
from bisector.questions.behaviour import NO_INTERPRETER, Early, Observation
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq import NO_BROKER
from bisector.rabbitmq.given import in_order
from bisector.rabbitmq.unpack import NEWEST, matches
from bisector.search.exact import Verdict


class OnDask:
    """Probes programs on the workers of a cluster."""

    def __init__(self, cluster: Cluster, rabbitmq: str | None, note: Callable[[str], None]) -> None:
        """Take which RabbitMQ all are probed beside.

        Args:
            rabbitmq: its version; None: each point is called by it (see `Beside`).
        """
        self._cluster, self._rabbitmq, self._note = cluster, rabbitmq, note
        self._alone = False

    @property
    def jobs(self) -> int:
        """How many programs are asked about side by side, on all workers together.

        A few more than are probed, so that whoever becomes free can take what suits it.
        """
        cluster = self._cluster
        return 1 if self._alone else max(cluster.slots + len(cluster.workers), 1)

    @property
    def local(self) -> bool:
        """Workers build what they need themselves."""
        return False

    def has(self, environment: Environment) -> bool:
        """Whether a worker that is there has built an environment."""
        return self._cluster.has(environment.digest)

    def one_at_a_time(self, why: str, *, always: bool = False) -> None:
        """Go on with one program at a time: on each worker, which none of the others disturbs."""
        del always
        if not self._alone:
            self._alone = True
            self._note(f"{why}: one at a time")

    async def answer(
        self,
        version: str,
        environment: Environment,
        program: Program,
        rules: Rules,
        stage: Stage = lambda _text: None,
        *,
        alone: bool = False,
        early: Early | None = None,  # noqa: ARG002  # a cell has one answer
    ) -> Observation:
        """Have a program probed; with `alone`, while nothing else is probed on that worker.

        Raises:
            OutsideError: trouble that says nothing about the release.
            UserError: the program cannot be sent.
        """
        rabbitmq = version if self._rabbitmq is None else self._rabbitmq
        return await self.beside(rabbitmq, version, environment, program, rules, stage, alone=alone)

    async def beside(
        self,
        rabbitmq: str,
        version: str,
        environment: Environment,
        program: Program,
        rules: Rules,
        stage: Stage = lambda _text: None,
        *,
        alone: bool = False,
    ) -> Observation:
        """Have a program probed beside a version of RabbitMQ."""
        needed = program.broker and rabbitmq != NO_BROKER
        wishes = workers.wishes([environment.python], rabbitmq if needed else None)
        if environment.python_varies and not self._has_python(environment.python):
            line = f"no worker has Python {environment.python}"
            return Observation(version, Verdict.SKIP, NO_INTERPRETER, line, 0.0)
        cell = cells.probe(
            version, environment, program, rules, rabbitmq if needed else None, wishes,
            alone=alone or self._alone,
        )  # fmt: skip
        stage("on a worker")
        told = await self._cluster.ask(cell)
        return Observation.from_json(told["answer"])

    def _has_python(self, version: str) -> bool:
        there = self._cluster.workers.values()
        return any(version in worker.offers.get(workers.PYTHON, ()) for worker in there)


def rabbitmq_of(cluster: Cluster, wanted: str | None) -> tuple[str, str]:
    """Choose the RabbitMQ that all cells are answered beside: one, since answers are put together.

    Returns:
        its version, and where it comes from, in words.

    Raises:
        OutsideError: no worker has it.
    """
    there = cluster.workers.values()
    every = in_order(version for worker in there for version in worker.rabbitmqs)
    if wanted:
        suited = [v for v in every if wanted == NEWEST or matches(v, wanted)]
    else:
        firsts = Counter(worker.first for worker in there if worker.first)
        suited = [version for version, _ in firsts.most_common(1)]
    if not suited:
        raise OutsideError(cluster.lacking({workers.RABBITMQ: wanted or "of any version"}))
    chosen = suited[-1]
    return chosen, source_of(cluster, chosen)


def source_of(cluster: Cluster, version: str) -> str:
    """Where workers have a RabbitMQ from, in words."""
    told = {w.rabbitmqs[version] for w in cluster.workers.values() if version in w.rabbitmqs}
    return " or ".join(sorted(told))


def rabbitmqs(cluster: Cluster) -> list[str]:
    """All versions of RabbitMQ that workers have, oldest first."""
    return in_order(v for worker in cluster.workers.values() for v in worker.rabbitmqs)
