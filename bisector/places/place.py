"""What every place can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bisector.environments.recipes import Environment
from bisector.questions.behaviour import Early, Observation
from bisector.questions.ending import Rules
from bisector.questions.programs import Program

Stage = Callable[[str], None]


class Place(Protocol):
    """Answers cells, some at a time."""

    @property
    def jobs(self) -> int:
        """How many programs are probed side by side."""

    @property
    def local(self) -> bool:
        """Whether its environments are this machine's, to be built ahead of probes."""

    def has(self, environment: Environment) -> bool:
        """Whether an environment is known to be built there."""

    def one_at_a_time(self, why: str, *, always: bool = False) -> None:
        """Go on with one program at a time.

        Args:
            why: the line that says so.
            always: also where the user insists on more.
        """

    async def answer(
        self,
        version: str,
        environment: Environment,
        program: Program,
        rules: Rules,
        stage: Stage = ...,
        *,
        alone: bool = False,
        early: Early | None = None,
    ) -> Observation:
        """Probe a program in an environment; with `alone`, while nothing else is probed.

        Args:
            early: may be told of a scenario's hang before its deadline; others are probed from
                then on.

        Raises:
            OutsideError: trouble that says nothing about the release.
        """
