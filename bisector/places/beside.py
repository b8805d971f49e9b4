"""This machine, beside several RabbitMQ: each point says by its name which of them it needs."""

from __future__ import annotations

from collections.abc import Callable

from bisector.environments.recipes import Environment
from bisector.places.here import Here, OnThisMachine, Turns
from bisector.places.place import Stage
from bisector.questions.behaviour import Early, Observation
from bisector.questions.ending import Rules
from bisector.questions.programs import Program
from bisector.rabbitmq.fleet import Fleet


class Beside(OnThisMachine):
    """Probes programs on this machine, each beside the RabbitMQ of the version that it names."""

    def __init__(
        self,
        fleet: Fleet,
        jobs: int,
        note: Callable[[str], None],
        *,
        insist: bool = False,
        turns: Turns | None = None,
    ) -> None:
        """Take how many to probe side by side, as `Here` does."""
        self._fleet, self._jobs, self._note, self._insist = fleet, jobs, note, insist
        self._turns = turns or Turns(jobs)
        self._heres: dict[str, Here] = {}

    @property
    def jobs(self) -> int:
        """How many programs are probed side by side."""
        return min([self._jobs, *(here.jobs for here in self._heres.values())])

    def one_at_a_time(self, why: str, *, always: bool = False) -> None:
        """Go on with one program at a time (see `Here`)."""
        if always or not self._insist:
            self._jobs = 1
        for here in self._heres.values():
            here.one_at_a_time(why, always=always)

    async def answer(
        self,
        version: str,
        environment: Environment,
        program: Program,
        rules: Rules,
        stage: Stage = lambda _text: None,
        *,
        alone: bool = False,
        early: Early | None = None,
    ) -> Observation:
        """Probe a program beside the RabbitMQ that the point is called by (see `beside`)."""
        return await self.beside(
            version, version, environment, program, rules, stage, alone=alone, early=early
        )

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
        early: Early | None = None,
    ) -> Observation:
        """Probe a program beside a version of RabbitMQ.

        Raises:
            OutsideError: trouble that says nothing about it, or that version cannot be had.
        """
        async with self._fleet.lend(rabbitmq) as broker:
            here = self._heres.get(rabbitmq)
            if here is None:
                here = Here(broker, self._jobs, self._note, insist=self._insist, turns=self._turns)
                self._heres[rabbitmq] = here
            return await here.answer(
                version, environment, program, rules, stage, alone=alone, early=early
            )
