"""The environment of a release: what it is made of, where it is, and whether it is whole.

The noxfile builds it and this module says what to build; both sides import it, so it needs nothing
beyond what Nox itself brings.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import importlib.metadata
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from bisector import ROOT
from bisector.releases import PACKAGE, Release

ENVIRONMENTS = ROOT / ".nox"
EXTRA = "rabbit"
RELEASE_DAY, TODAY = "release-day", "today"
PYTHON = "3.11"
"""The interpreter that all releases, with their dependencies of the day, have wheels for."""

_STAMP = "release.json"


@dataclass(frozen=True)
class Environment:
    """What one release runs in: the release itself, and its dependencies of one day."""

    version: str
    deps: str = RELEASE_DAY
    """`release-day`: as the index was when the release came out; `today`: as it is now."""
    exclude_newer: str | None = None
    """That day for `uv pip install --exclude-newer`; None for `today`."""
    python: str = PYTHON

    @property
    def requirement(self) -> str:
        """What a user of that release installs."""
        return f"{PACKAGE}[{EXTRA}]=={self.version}"

    @property
    def path(self) -> Path:
        """Its folder, named after all that tells it from the others."""
        name = f"release-{self.version}"
        if self.deps != RELEASE_DAY:
            name += f"-{self.deps}"
        if self.python != PYTHON:
            name += f"-py{self.python}"
        return ENVIRONMENTS / re.sub(r"[^a-z0-9-]+", "-", name.lower())

    @property
    def interpreter(self) -> Path:
        """The Python inside."""
        return self.path / "bin" / "python"

    @property
    def recipe(self) -> dict[str, str | None]:
        """All that its content follows from; with `today` also the day it was resolved on."""
        day = self.exclude_newer or datetime.now(timezone.utc).date().isoformat()
        return {"requirement": self.requirement, "as_of": day, "python": self.python}

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

    def seal(self) -> None:
        """Mark it as whole, which is the last step of building it."""
        folders = [str(p) for p in self.path.glob("lib*/python*/site-packages")]
        distributions = importlib.metadata.distributions(path=folders)
        held = {str(d.metadata["Name"]).lower().replace("_", "-"): d.version for d in distributions}
        stamp = {"recipe": self.recipe, "dependencies": dict(sorted(held.items()))}
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


def of(release: Release, *, deps: str = RELEASE_DAY, python: str = PYTHON) -> Environment:
    """Describe the environment of a release."""
    as_of = release.release_day.strftime("%Y-%m-%dT%H:%M:%SZ") if deps == RELEASE_DAY else None
    return Environment(release.version, deps, as_of, python)


def add_arguments(parser: argparse.ArgumentParser) -> None:
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
