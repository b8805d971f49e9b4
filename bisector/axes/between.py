"""From one whole environment to another: two points, and all that differs is what may be guilty."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bisector.axes.axis import UNDATED, Axis, Choice
from bisector.environments import building, locks
from bisector.environments.recipes import Environment, exactly
from bisector.environments.releases import PACKAGE, Release
from bisector.errors import UserError
from bisector.tasks import together

ENVIRONMENT = "environment"


async def of_files(old: Path, new: Path, choice: Choice) -> Axis:
    """Walk from the environment in one file to that in another.

    Raises:
        UserError: one cannot be read, or not installed; or they are the same, or hold nothing in
            common.
    """
    before, after = (locks.read(file, choice.python) for file in (old, new))
    if before == after:
        raise UserError(f"--between {old} {new}: both install the same: nothing can be guilty")
    if not before.keys() & after.keys():
        raise UserError(
            f"--between {old} {new}: no package in common: these are not two states of one"
            " environment"
        )
    same_name = old.name == new.name
    names = [f"{old.name} (old)", f"{new.name} (new)"] if same_name else [old.name, new.name]
    line = [Release(name, UNDATED) for name in names]
    pins = dict(zip(names, (before, after), strict=True))

    def environment(release: Release) -> Environment:
        own = pins[release.version]
        first = next((n for n in own if n != PACKAGE), PACKAGE)
        return replace(exactly(own, choice.python, first), requires=choice.requires)

    async def install(release: Release, file: Path) -> None:
        try:
            await building.install(environment(release))
        except building.UninstallableError as error:
            raise UserError(f"--between {file}: it cannot be installed: {error}") from error

    await together(map(install, line, (old, new)))
    common = sum(before[name] == after[name] for name in before.keys() & after.keys())
    held = f"{common} of them the same on both sides"
    return Axis(ENVIRONMENT, line, environment, held, newest=False, stable_matters=False)
