"""Interpreters, each running the environment of one FastStream release."""

from __future__ import annotations

from dataclasses import replace

from bisector.axes.axis import UNDATED, Axis, Choice, held_release
from bisector.environments import recipes, releases
from bisector.environments.recipes import Environment
from bisector.environments.releases import PACKAGE, Release

PYTHON = "python"
PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def of_pythons(choice: Choice) -> Axis:
    """Walk interpreters in the environment of one FastStream release.

    Raises:
        UserError: no FastStream release is named.
    """
    release = held_release(choice, PYTHON)
    others = choice.others()
    history = [Release(version, UNDATED) for version in PYTHONS]
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
    options = choice.options(PYTHON)
    return Axis(PYTHON, chosen, environment, held, options, stable_matters=False)
