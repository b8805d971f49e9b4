"""FastStream's releases, each with the dependencies of its day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone

from bisector.axes.axis import Axis, Choice, pin
from bisector.environments import recipes, releases
from bisector.environments.recipes import Environment
from bisector.environments.releases import PACKAGE, Release, known
from bisector.errors import UserError


def of_package(choice: Choice) -> Axis:
    """Walk FastStream's releases, with what `--with` names held."""
    end = None if choice.far else choice.end
    chosen = releases.select(releases.load(), choice.start, end, stable=choice.stable)
    environment, held = package_environment(choice), ", ".join(choice.with_)
    if choice.far is None:
        options, newest = choice.options(PACKAGE), choice.end is None
        return Axis(PACKAGE, chosen, environment, held, options, newest)
    name, last = choice.far
    chosen.append(Release(name, datetime.now(timezone.utc)))

    def with_far(release: Release) -> Environment:
        return last if release.version == name else environment(release)

    return Axis(
        PACKAGE, chosen, with_far, held, choice.options(PACKAGE), newest=False, end=choice.end or ""
    )


def package_environment(choice: Choice) -> Callable[[Release], Environment]:
    """Describe the environment of a FastStream release, with what `--with` names held.

    Raises:
        UserError: `--with` names FastStream itself, or no single version.
    """
    pins = [pin(text) for text in choice.with_]
    if any(name == PACKAGE for name, _ in pins):
        raise UserError(
            f"--with {PACKAGE} holds what the search walks along: name another line to walk, as"
            " with --along aio-pika, --along python or --along days"
        )
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
