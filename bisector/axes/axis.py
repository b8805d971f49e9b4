"""What a bisection walks along: FastStream's releases, a dependency's, or interpreters."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from bisector import ROOT
from bisector.environments import building, recipes, releases
from bisector.environments.recipes import RELEASE_DAY, Environment
from bisector.environments.releases import PACKAGE, Release
from bisector.errors import OutsideError, UserError

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
INDEX_CACHE = ROOT / ".bisector" / "index"


@dataclass(frozen=True)
class Axis:
    """An ordered list of releases, and the environment that each is probed in."""

    package: str
    releases: Sequence[Release]
    environment: Callable[[Release], Environment]
    held: str = ""
    """What stays the same all along, in words."""
    options: tuple[str, ...] = ()
    """What else to name on the command line, to be asked about one of its releases again."""
    stable_matters: bool = True
    """Whether a stable release is told from a pre-release: commits and interpreters are neither."""


@dataclass(frozen=True)
class Choice:
    """The options that every axis knows."""

    start: str | None = None
    end: str | None = None
    stable: bool = False
    deps: str = RELEASE_DAY
    python: str = recipes.PYTHON
    with_: tuple[str, ...] = ()
    """Requirements that hold all along: `aio-pika==9.4.1`."""
    requires: tuple[str, ...] = ()
    """What the reproduction itself needs."""


def of_package(choice: Choice) -> Axis:
    """Walk FastStream's releases, with what `--with` names held."""
    chosen = releases.select(releases.load(), choice.start, choice.end, stable=choice.stable)
    options = [f"--with={text}" for text in choice.with_]
    options += [f"--requires={text}" for text in choice.requires]
    options += [] if choice.deps == RELEASE_DAY else [f"--deps={choice.deps}"]
    options += [] if choice.python == recipes.PYTHON else [f"--python={choice.python}"]
    held = ", ".join(choice.with_)
    return Axis(PACKAGE, chosen, package_environment(choice), held, tuple(options))


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
        plain = recipes.of(release, deps=choice.deps, python=choice.python)
        # A version that is held may be younger than the release.
        day = recipes.as_of(max([release.release_day, *days]))
        return replace(
            plain,
            requirements=(*plain.requirements, *choice.with_),
            exclude_newer=day if plain.exclude_newer else None,
            requires=choice.requires,
        )

    return environment


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
    base = recipes.of(release, deps=choice.deps, python=choice.python)
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

    return Axis(package, chosen, environment, f"{PACKAGE}=={release.version} and all else")


def of_pythons(choice: Choice) -> Axis:
    """Walk interpreters in the environment of one FastStream release.

    Raises:
        UserError: no FastStream release is named.
    """
    pins = dict(pin(text) for text in choice.with_)
    if PACKAGE not in pins:
        raise UserError(f"--python-axis needs --with {PACKAGE}==VERSION: the release to hold")
    release = releases.find(releases.load(), pins[PACKAGE])
    others = tuple(text for text in choice.with_ if pin(text)[0] != PACKAGE)
    never = datetime(1991, 2, 20, tzinfo=timezone.utc)  # interpreters have no upload time
    history = [Release(version, never) for version in PYTHONS]
    chosen = releases.select(history, choice.start, choice.end)

    def environment(interpreter: Release) -> Environment:
        plain = recipes.of(release, deps=choice.deps, python=interpreter.version)
        return replace(
            plain,
            requirements=(*plain.requirements, *others),
            requires=choice.requires,
            python_varies=True,
        )

    held = f"{PACKAGE}=={release.version}"
    return Axis("python", chosen, environment, held, stable_matters=False)


def known(package: str, *versions: str) -> list[Release]:
    """Return a package's releases: FastStream's from the snapshot, others' from the index.

    The index's answer is kept, and asked for again when it does not know one of `versions`.
    """
    if package == PACKAGE:
        return releases.load()
    path = INDEX_CACHE / f"{package}.json"
    if path.is_file() and versions:
        kept = releases.load(path)
        names = {release.version for release in kept}
        if set(versions) <= names:
            return kept
    try:
        found = releases.fetch(package)
    except OutsideError:
        if path.is_file() and not versions:
            return releases.load(path)  # better than nothing, where there is no network
        raise
    path.parent.mkdir(parents=True, exist_ok=True)
    releases.save(found, path, package)
    return found


def closure(environment: Environment, package: str) -> set[str]:
    """The distributions in an environment that a package requires, itself included."""
    folders = [str(path) for path in environment.path.glob("lib*/python*/site-packages")]
    needs: dict[NormalizedName, set[NormalizedName]] = {}
    for distribution in importlib.metadata.distributions(path=folders):
        wanted = [Requirement(text) for text in distribution.requires or []]
        needs[canonicalize_name(distribution.metadata["Name"])] = {
            canonicalize_name(requirement.name) for requirement in wanted
        }
    found: set[str] = set()
    todo = {canonicalize_name(package)}
    while todo:
        name = todo.pop()
        if name in needs and name not in found:
            found.add(name)
            todo |= needs[name]
    return found


def pin(text: str) -> tuple[str, str]:
    """Read `name==version`.

    Raises:
        UserError: it is anything else.
    """
    try:
        requirement = Requirement(text)
        (specifier,) = requirement.specifier
    except (InvalidRequirement, ValueError):
        specifier = None
    if specifier is None or specifier.operator != "==" or specifier.version.endswith(".*"):
        raise UserError(f"--with {text}: name one version to hold, as in aio-pika==9.4.1")
    return canonicalize_name(requirement.name), specifier.version
