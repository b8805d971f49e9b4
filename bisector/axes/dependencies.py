"""Another package's releases: in the environment of one FastStream release, or by themselves."""

from __future__ import annotations

from packaging.utils import canonicalize_name

from bisector.axes.axis import Axis, Choice
from bisector.environments import building, recipes, releases
from bisector.environments.recipes import RELEASE_DAY, Environment, closure
from bisector.environments.releases import PACKAGE, Release, known
from bisector.errors import UserError


async def of_dependency(package: str, choice: Choice) -> Axis:
    """Walk a dependency's releases in the environment of one FastStream release.

    All else is held at the versions of that release's day, except what the dependency itself
    requires, which has to be free to follow it.

    Raises:
        UserError: there is no such FastStream release, or its environment does not hold the
            package.
    """
    package = canonicalize_name(package)
    release = releases.find(releases.load(), choice.pins[PACKAGE])
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
    free = closure(base, package) | choice.pins.keys()  # what --with names replaces what was there
    held = tuple(f"{name}=={version}" for name, version in there.items() if name not in free)
    history = known(package, *[v for v in (choice.start, choice.end) if v])
    chosen = releases.select(history, choice.start, choice.end, stable=choice.stable)
    others = choice.others()

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
    options = choice.options(package)
    return Axis(package, chosen, environment, all_else, options, choice.end is None)


def of_any(package: str, choice: Choice) -> Axis:
    """Walk the releases of any package on the index, each as of its day; FastStream is not there.

    Raises:
        UserError: the index does not know the package, or not that version.
    """
    package = canonicalize_name(package)
    history = known(package, *[v for v in (choice.start, choice.end) if v])
    chosen = releases.select(history, choice.start, choice.end, stable=choice.stable)
    days = [releases.find(known(n, v), v).release_day for n, v in choice.pins.items()]

    def environment(release: Release) -> Environment:
        day = recipes.as_of(max([release.release_day, *days]))
        return Environment(
            release.version,
            (f"{package}=={release.version}", *choice.with_),
            day if choice.deps == RELEASE_DAY else None,
            choice.python,
            requires=choice.requires,
        )

    held = ", ".join(choice.with_)
    options = choice.options(package)
    return Axis(package, chosen, environment, held, options, choice.end is None)
