"""FastStream's releases, each with the dependencies of its day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bisector.axes.axis import Axis, Choice, pin
from bisector.environments import recipes, releases
from bisector.environments.recipes import RELEASE_DAY, Environment
from bisector.environments.releases import PACKAGE, Release, known
from bisector.errors import UserError


def of_package(choice: Choice) -> Axis:
    """Walk FastStream's releases, with what `--with` names held."""
    chosen = releases.select(releases.load(), choice.start, choice.end, stable=choice.stable)
    options = [f"--with={text}" for text in choice.with_]
    options += [f"--extra={name}" for name in choice.extras]
    options += [f"--requires={text}" for text in choice.requires]
    options += [] if choice.deps == RELEASE_DAY else [f"--deps={choice.deps}"]
    options += [] if choice.python == recipes.PYTHON else [f"--python={choice.python}"]
    held = ", ".join(choice.with_)
    newest = choice.end is None
    return Axis(PACKAGE, chosen, package_environment(choice), held, tuple(options), newest)


def package_environment(choice: Choice) -> Callable[[Release], Environment]:
    """Describe the environment of a FastStream release, with what `--with` names held.

    Raises:
        UserError: `--with` names FastStream itself, or no single version.
    """
    pins = [pin(text) for text in choice.with_]
    if any(name == PACKAGE for name, _ in pins):
        raise UserError(f"--with {PACKAGE} holds what the search walks along: name a --package")
    days = [releases.find(known(name, version), version).release_day for name, version in pins]

    def environment(release: Release) -> Environment:
        plain = recipes.of(release, deps=choice.deps, python=choice.python, extras=choice.extras)
        # A version that is held may be younger than the release.
        day = recipes.as_of(max([release.release_day, *days]))
        return replace(
            plain,
            requirements=(*plain.requirements, *choice.with_),
            exclude_newer=day if plain.exclude_newer else None,
            requires=choice.requires,
        )

    return environment
