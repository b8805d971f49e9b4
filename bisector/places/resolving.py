"""A place where environments are resolved first: the same resolution is probed once for all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bisector.environments.building import UninstallableError
from bisector.environments.recipes import Environment
from bisector.places.place import Place, Stage
from bisector.questions.behaviour import Early, Observation
from bisector.questions.ending import Rules
from bisector.questions.programs import Program

Resolve = Callable[[Environment], Awaitable[Environment]]


class Resolving:
    """Another place, asked about what environments resolve to."""

    def __init__(self, place: Place, resolve: Resolve) -> None:
        """Take a place, and what resolves."""
        self._place, self._resolve = place, resolve
        self._seen: dict[str, list[Observation]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    @property
    def jobs(self) -> int:
        """How many programs are probed side by side."""
        return self._place.jobs

    @property
    def local(self) -> bool:
        """Whether its environments are this machine's."""
        return self._place.local

    def has(self, environment: Environment) -> bool:
        """Whether an environment is built."""
        return self._place.has(environment)

    def one_at_a_time(self, why: str, *, always: bool = False) -> None:
        """Go on with one program at a time."""
        self._place.one_at_a_time(why, always=always)
        self._seen.clear()  # what was seen side by side is forgotten

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
        """Probe what an environment resolves to, unless that was seen under another name."""
        stage("resolving")
        try:
            exact = await self._resolve(environment)
        except UninstallableError:  # installing will say so again, and knows what to make of it
            return await self._place.answer(
                version, environment, program, rules, stage, alone=alone, early=early
            )
        async with self._locks.setdefault(exact.digest, asyncio.Lock()):
            seen = self._seen.setdefault(exact.digest, [])
            elsewhere = [o for o in seen if o.version != version]
            if elsewhere and not alone and all(o.version != version for o in seen):
                return replace(elsewhere[-1], version=version)
            found = await self._place.answer(
                version, exact, program, rules, stage, alone=alone, early=early
            )
            seen.append(found)
            return found
