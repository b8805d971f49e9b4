"""Builds environments before they are asked for, in the time that probes spend waiting."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path

from bisector.environments.building import UninstallableError, install
from bisector.environments.recipes import Environment
from bisector.errors import OutsideError
from bisector.tasks import stop


class Ahead:
    """The environments being built on suspicion."""

    def __init__(self) -> None:
        self._building: dict[Path, asyncio.Task[None]] = {}

    def build(self, environments: Iterable[Environment], room: int) -> None:
        """Start to build those that are missing, while fewer than `room` are being built."""
        for environment in environments:
            if len(self.under_way) >= room:
                return
            if environment.path not in self._building and not environment.stamp():
                self._building[environment.path] = asyncio.create_task(_build(environment))

    @property
    def under_way(self) -> set[asyncio.Task[None]]:
        """What is not yet built."""
        return {task for task in self._building.values() if not task.done()}

    async def wait_for(self, environment: Environment) -> None:
        """Return once this environment is not being built any more."""
        if task := self._building.get(environment.path):
            await asyncio.wait({task})

    async def stop(self) -> None:
        """Leave what is not built yet half built; that is found out when it is asked for."""
        await stop([*self._building.values()])


async def _build(environment: Environment) -> None:
    # Whatever is wrong, the probe will meet it again, and knows what to make of it.
    with contextlib.suppress(UninstallableError, OutsideError):
        await install(environment)
