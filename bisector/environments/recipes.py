"""The environment of a release: what it is made of, where it is, and whether it is whole.

The noxfile builds it and this module says what to build; both sides import it, so it needs nothing
beyond what Nox itself brings.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import functools
import hashlib
import importlib.metadata
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bisector import CACHE
from bisector.environments.releases import PACKAGE, Release, load

ENVIRONMENTS = CACHE / ".nox"
EXTRA = "rabbit"
RELEASE_DAY, TODAY = "release-day", "today"
PYTHON = "3.11"
"""The interpreter that all releases, with their dependencies of the day, have wheels for."""

_STAMP = "release.json"
Difference = tuple[str, str | None, str | None]
"""A dependency, and its versions before and after the flip; None where it is not there."""


@dataclass(frozen=True)
class Environment:
    """What one release runs in: the release itself, and its dependencies of one day."""

    version: str
    """The release, as the search calls it."""
    requirements: tuple[str, ...]
    """What is asked for; the first is what a user of that release installs."""
    exclude_newer: str | None = None
    """As of when it is resolved, for `uv pip install --exclude-newer`; None: as of now."""
    python: str = PYTHON
    constraints: tuple[str, ...] = ()
    """Versions that dependencies are held at."""
    requires: tuple[str, ...] = ()
    """What a reproduction itself needs; added without changing what the rest resolves to."""
    python_varies: bool = False
    """An interpreter that cannot be had makes it uninstallable, rather than being trouble."""
    exact: bool = False
    """Whether `requirements` are all that is installed, whatever they require: nothing is resolved,
    so that nobody's metadata can forbid the experiment."""

    @property
    def plain(self) -> bool:
        """Whether the Nox session `release(X)` knows how to build it."""
        return (
            self.requirements == (requirement(self.version),)
            and self.exclude_newer in (None, _release_days().get(self.version))
            and not (self.constraints or self.requires or self.python_varies or self.exact)
        )

    @property
    def path(self) -> Path:
        """Its folder, named after all that tells it from the others."""
        name = f"release-{self.version}"
        if self.plain and self.exclude_newer is None:
            name += f"-{TODAY}"
        if self.plain and self.python != PYTHON:
            name += f"-py{self.python}"
        if not self.plain:
            name += f"-{self.digest}"
        return ENVIRONMENTS / re.sub(r"[^a-z0-9-]+", "-", name.lower())

    @property
    def digest(self) -> str:
        """A short name for all that it is made of."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:10]

    def to_json(self) -> str:
        """Return it as text, for the Nox session `environment`."""
        fields = asdict(self)
        if not self.exact:  # as before there were such: what was built and observed stays known
            del fields["exact"]
        return json.dumps(fields, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Environment:
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        lists = {k: tuple(v) for k, v in fields.items() if isinstance(v, list)}
        return cls(**{**fields, **lists})

    @property
    def interpreter(self) -> Path:
        """The Python inside."""
        return self.path / "bin" / "python"

    @property
    def recipe(self) -> dict[str, object]:
        """All that its content follows from; resolved as of now, that is also the day."""
        fields: dict[str, object] = json.loads(self.to_json())
        if self.exact:  # the same on any day
            return fields
        day = self.exclude_newer or datetime.now(timezone.utc).date().isoformat()
        return {**fields, "exclude_newer": day}

    def stamp(self) -> dict[str, object] | None:
        """What was written once it was whole: its recipe and `dependencies` (name: version).

        None when it is not there, half built, made after another recipe, or when its interpreter
        is gone.
        """
        try:
            stamp = json.loads((self.path / _STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(stamp, dict) or stamp.get("recipe") != self.recipe:
            return None
        return stamp if self.interpreter.exists() else None

    @property
    def python_version(self) -> str:
        """The interpreter's full version, as the environment's own configuration tells it."""
        text = (self.path / "pyvenv.cfg").read_text(encoding="utf-8")
        found = re.search(r"^version(?:_info)? *= *([\d.]+)", text, re.MULTILINE)
        return found[1] if found else self.python

    def dependencies(self) -> dict[str, str]:
        """The distributions inside, by name; empty while it is not whole."""
        stamp = self.stamp()
        found = stamp.get("dependencies") if stamp else None
        return dict(found) if isinstance(found, dict) else {}

    def installed(self) -> dict[str, str]:
        """The distributions that are inside now, whole or not: version by normalised name."""
        folders = [str(p) for p in self.path.glob("lib*/python*/site-packages")]
        distributions = importlib.metadata.distributions(path=folders)
        return dict(
            sorted((canonicalize_name(d.metadata["Name"]), d.version) for d in distributions)
        )

    def pins(self) -> dict[str, str]:
        """What would install just what is inside, by distribution; empty while it is not whole."""
        named = {Requirement(text).name: text for text in self.requirements if " @ " in text}
        direct = {str(canonicalize_name(name)): text for name, text in named.items()}
        return {n: direct.get(n, f"{n}=={v}") for n, v in self.dependencies().items()}

    def modules(self) -> list[str]:
        """What to import to see whether it works: FastStream's part, or what it is all about."""
        about = canonicalize_name(Requirement(self.requirements[0]).name)
        if about == PACKAGE:
            return [f"{PACKAGE}.{EXTRA}"]
        folders = [str(p) for p in self.path.glob("lib*/python*/site-packages")]
        found = importlib.metadata.distributions(name=about, path=folders)
        files = [file for distribution in found for file in distribution.files or ()]
        tops = {file.parts[0].removesuffix(".py") for file in files if file.suffix == ".py"}
        # The one that bears its name, if any: others may be tests, or want what is not there.
        named = sorted(top for top in tops if canonicalize_name(top) == about)
        return named or sorted(top for top in tops if top.isidentifier())[:1]

    def lacking(self) -> list[str]:
        """The extras asked for that the installed release does not have."""
        asked = Requirement(self.requirements[0])
        wanted = asked.extras - {EXTRA} if canonicalize_name(asked.name) == PACKAGE else set()
        if not wanted:
            return []
        folders = [str(p) for p in self.path.glob("lib*/python*/site-packages")]
        found = [*importlib.metadata.distributions(name=PACKAGE, path=folders)]
        has = {extra for d in found for extra in d.metadata.get_all("Provides-Extra") or []}
        return sorted(wanted - has) if found else []

    def seal(self) -> None:
        """Mark it as whole, which is the last step of building it."""
        stamp = {"recipe": self.recipe, "dependencies": self.installed()}
        part = self.path / f"{_STAMP}.part"
        part.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
        part.replace(self.path / _STAMP)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep others from building it at the same time, also from other processes."""
        locks = ENVIRONMENTS / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        with (locks / self.path.name).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # let go by the kernel when we die
            yield


def as_of(moment: datetime) -> str:
    """A moment as uv takes it."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    """List what two environments hold in different versions."""
    names = sorted({*before, *after})
    return tuple(
        (name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )


def graph(environment: Environment) -> dict[str, set[str]]:
    """What each distribution in an environment requires, there or not, whatever the extras."""
    folders = [str(path) for path in environment.path.glob("lib*/python*/site-packages")]
    needs: dict[str, set[str]] = {}
    for distribution in importlib.metadata.distributions(path=folders):
        wanted = [Requirement(text) for text in distribution.requires or []]
        needs[canonicalize_name(distribution.metadata["Name"])] = {
            canonicalize_name(requirement.name) for requirement in wanted
        }
    return needs


def reach(needs: Mapping[str, set[str]], package: str) -> set[str]:
    """The distributions in a graph that a package requires, itself included."""
    found: set[str] = set()
    todo: set[str] = {canonicalize_name(package)}
    while todo:
        name = todo.pop()
        if name in needs and name not in found:
            found.add(name)
            todo |= needs[name]
    return found


def closure(environment: Environment, package: str) -> set[str]:
    """The distributions in an environment that a package requires, itself included."""
    return reach(graph(environment), package)


def exactly(pins: Mapping[str, str], python: str, about: str = PACKAGE) -> Environment:
    """Describe an environment that holds just this.

    Args:
        pins: what installs each distribution, by its name: `name==version`, or `name @ URL`.
        about: the distribution that it is about, where FastStream is not there.
    """
    first = PACKAGE if PACKAGE in pins else about
    ordered = sorted(pins, key=lambda name: (name != first, name))
    version = re.split(r"==| @ ", pins[ordered[0]])[-1] if ordered else "empty"
    return Environment(version, tuple(pins[n] for n in ordered), python=python, exact=True)


@functools.cache
def _release_days() -> dict[str, str]:
    """As of when each release is resolved: as of another day it is another environment."""
    return {release.version: as_of(release.release_day) for release in load()}


def rule(deps: str) -> str:
    """Name a dependency rule so that it means the same tomorrow."""
    return deps if deps == RELEASE_DAY else f"{deps} {datetime.now(timezone.utc).date()}"


def requirement(version: str, extras: Sequence[str] = ()) -> str:
    """What a user of a release installs, with extras beside `rabbit`."""
    return f"{PACKAGE}[{','.join(dict.fromkeys([EXTRA, *extras]))}]=={version}"


def with_extras(environment: Environment, extras: Sequence[str]) -> Environment:
    """The same environment, with FastStream's extras beside `rabbit`, and what those bring."""
    first, *others = environment.requirements
    both = ",".join(dict.fromkeys([EXTRA, *extras]))
    return replace(environment, requirements=(first.replace(f"[{EXTRA}]", f"[{both}]"), *others))


def of(
    release: Release,
    *,
    deps: str = RELEASE_DAY,
    python: str = PYTHON,
    extras: Sequence[str] = (),
) -> Environment:
    """Describe the environment of a release."""
    day = as_of(release.release_day) if deps == RELEASE_DAY else None
    return Environment(release.version, (requirement(release.version, extras),), day, python)


def add_extra(parser: argparse._ActionsContainer) -> None:
    """Add the option that names FastStream's extras."""
    parser.add_argument(
        "--extra",
        action="append",
        default=[],
        metavar="NAME",
        help=f"an extra of {PACKAGE}'s beside {EXTRA}, as cli, otel, prometheus; a release without"
        " it is installed all the same; repeatable",
    )


def add_arguments(parser: argparse._ActionsContainer) -> None:
    """Add the options that tell one environment of a release from another."""
    parser.add_argument(
        "--deps",
        choices=(RELEASE_DAY, TODAY),
        default=RELEASE_DAY,
        help="dependencies as the index had them on the release's day, or as it has them today"
        " (default: %(default)s)",
    )
    parser.add_argument(
        "--python",
        default=PYTHON,
        metavar="X.Y",
        help="interpreter of the releases' environments; uv finds it or brings it"
        " (default: %(default)s)",
    )
