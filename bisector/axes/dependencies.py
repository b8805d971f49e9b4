"""A dependency's releases, in the environment of one FastStream release."""

from __future__ import annotations

from packaging.utils import canonicalize_name

from bisector.axes.axis import Axis, Choice, pin
from bisector.environments import building, recipes, releases
from bisector.environments.recipes import Environment, closure
from bisector.environments.releases import PACKAGE, Release, known
from bisector.errors import UserError


async def of_dependency(package: str, choice: Choice) -> Axis:
    """Walk a dependency's releases in the environment of one FastStream release.

    All else is held at the versions of that release's day, except what the dependency itself
    requires, which has to be free to follow it.

    Raises:
        UserError: no FastStream release is named, or its environment does not hold the package.
    """
    package = canonicalize_name(package)
    pins = dict(pin(text) for text in choice.with_)
    if PACKAGE not in pins:
        raise UserError(f"--package {package} needs --with {PACKAGE}==VERSION: the release to hold")
    release = releases.find(releases.load(), pins[PACKAGE])
    base = recipes.of(release, deps=choice.deps, python=choice.python, extras=choice.extras)
    try:
        await building.install(base)
    except building.UninstallableError as error:
        raise UserError(f"{PACKAGE} {release.version} cannot be installed: {error}") from error
    there = base.dependencies()
    if package not in there:
        raise UserError(
            f"{package} is not in the environment of {PACKAGE} {release.version};"
            f" there are: {', '.join(sorted(there))}"
        )
    free = closure(base, package)
    held = tuple(f"{name}=={version}" for name, version in there.items() if name not in free)
    history = known(package, *[v for v in (choice.start, choice.end) if v])
    chosen = releases.select(history, choice.start, choice.end, stable=choice.stable)
    others = tuple(text for text in choice.with_ if pin(text)[0] != PACKAGE)

    def environment(moved: Release) -> Environment:
        day = recipes.as_of(max(release.release_day, moved.release_day))
        return Environment(
            moved.version,
            (base.requirements[0], f"{package}=={moved.version}", *others),
            day if base.exclude_newer else None,
            choice.python,
            held,
            choice.requires,
        )

    all_else = f"{PACKAGE}=={release.version} and all else"
    return Axis(package, chosen, environment, all_else, newest=choice.end is None)
