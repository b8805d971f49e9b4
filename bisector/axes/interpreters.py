"""Interpreters, each running the environment of one FastStream release."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from bisector.axes.axis import Axis, Choice
from bisector.environments import recipes, releases
from bisector.environments.recipes import Environment
from bisector.environments.releases import PACKAGE, Release
from bisector.errors import UserError

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def of_pythons(choice: Choice) -> Axis:
    """Walk interpreters in the environment of one FastStream release.

    Raises:
        UserError: no FastStream release is named.
    """
    if PACKAGE not in choice.pins:
        raise UserError(f"--along python needs --with {PACKAGE}==VERSION: the release to hold")
    release = releases.find(releases.load(), choice.pins[PACKAGE])
    others = choice.others()
    never = datetime(1991, 2, 20, tzinfo=timezone.utc)  # interpreters have no upload time
    history = [Release(version, never) for version in PYTHONS]
    chosen = releases.select(history, choice.start, choice.end)

    def environment(interpreter: Release) -> Environment:
        plain = recipes.of(
            release, deps=choice.deps, python=interpreter.version, extras=choice.extras
        )
        return replace(
            plain,
            requirements=(*plain.requirements, *others),
            requires=choice.requires,
            python_varies=True,
        )

    held = f"{PACKAGE}=={release.version}"
    options = choice.options("python")
    return Axis("python", chosen, environment, held, options, stable_matters=False)
