"""What every axis is, and the options that all of them know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from bisector.environments import recipes, releases
from bisector.environments.recipes import RELEASE_DAY, Environment
from bisector.environments.releases import PACKAGE, Release
from bisector.errors import UserError

UNDATED = datetime(1991, 2, 20, tzinfo=timezone.utc)
"""The upload time of points that were never uploaded: files, interpreters, RabbitMQ's versions."""


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
    newest: bool = True
    """Whether it goes up to the newest release there is."""
    end: str = ""
    """The far end as it was named, where it is no release."""
    resolve: Callable[[Environment], Awaitable[Environment]] | None = None
    """Where resolving is cheaper than installing: turns an environment into an exact one, which
    is the same for many points."""
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
    extras: tuple[str, ...] = ()
    """FastStream's extras beside `rabbit`."""
    requires: tuple[str, ...] = ()
    """What the reproduction itself needs."""
    far: tuple[str, Environment] | None = None
    """An end of FastStream's releases that is none itself: what it is called, and its
    environment."""

    @property
    def pins(self) -> dict[str, str]:
        """The versions that `--with` holds, by name."""
        return dict(pin(text) for text in self.with_)

    def others(self, package: str = PACKAGE) -> tuple[str, ...]:
        """What `--with` holds beside a package."""
        return tuple(text for text in self.with_ if pin(text)[0] != package)

    def options(self, along: str) -> tuple[str, ...]:
        """Return the options that ask for this again."""
        python, deps = self.python != recipes.PYTHON, self.deps != RELEASE_DAY
        return (
            *([f"--along={along}"] if along != PACKAGE else []),
            *([f"--from={self.start}"] if along != PACKAGE and self.start else []),
            *([f"--to={self.end}"] if along != PACKAGE and self.end else []),
            *(f"--with={text}" for text in self.with_),
            *(f"--extra={name}" for name in self.extras),
            *(f"--requires={text}" for text in self.requires),
            *([f"--deps={self.deps}"] if deps else []),
            *([f"--python={self.python}"] if python else []),
        )


def held_release(choice: Choice, along: str) -> Release:
    """Return the FastStream release that stays the same along another line.

    Raises:
        UserError: none is named.
    """
    if PACKAGE not in choice.pins:
        raise UserError(f"--along {along} needs --with {PACKAGE}==VERSION: the release to hold")
    return releases.find(releases.load(), choice.pins[PACKAGE])


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
