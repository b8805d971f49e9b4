"""From release to commit: a clone's first-parent history between two tags, built and installed."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from bisector.axes.axis import Axis
from bisector.environments.recipes import ENVIRONMENTS, Environment
from bisector.environments.releases import PACKAGE, Release
from bisector.errors import UserError

SOURCES = ENVIRONMENTS / "sources"
HOME = {PACKAGE: "https://github.com/ag2ai/faststream", "aio-pika": "https://github.com/mosquito/aio-pika",
        "aiormq": "https://github.com/mosquito/aiormq",
        "rabbitmq": "https://github.com/rabbitmq/rabbitmq-server"}  # fmt: skip
"""Where the packages are developed, to link what changed between two releases."""


@dataclass(frozen=True)
class Commit:
    """A commit on the way from one release to the next."""

    hash: str
    subject: str
    committed: datetime

    @property
    def pull_request(self) -> str | None:
        """The number that its subject ends in, as a code host writes it: `(#1326)`."""
        found = re.search(r"\(#(\d+)\)\s*$|^Merge pull request #(\d+)", self.subject)
        return next((n for n in found.groups() if n), None) if found else None


def compare_link(package: str, before: str, after: str) -> str | None:
    """Return the address of what changed between two releases; None for a package unknown here."""
    home = HOME.get(package)
    if package == "rabbitmq":  # its notes name what breaks, among thousands of commits
        return f"{home}/releases/tag/v{after}"
    return f"{home}/compare/{before}...{after}" if home else None


def between(clone: Path, before: str, after: str) -> list[Commit]:
    """Return the commits of a clone from one release's tag to another's, both tags included.

    Raises:
        UserError: no clone, no such tags, or tags with nothing in common.
    """
    if not clone.is_dir():
        raise UserError(f"--source {clone}: there is no such folder")
    tags = {version: _tag(clone, version) for version in (before, after)}
    # A release may be tagged on a side branch; what both have in common is where the line starts.
    base = _git(clone, "merge-base", tags[before], tags[after], check=False).strip()
    if not base:
        raise UserError(
            f"--source {clone}: its tags {before} and {after} have no history in common:"
            " fetch all of it (`git fetch --unshallow --tags`)"
        )
    text = _git(clone, "log", "--first-parent", "--reverse", "--format=%H%x00%ct%x00%s",
                f"{base}..{tags[after]}")  # fmt: skip
    first = _git(clone, "log", "-1", "--format=%H%x00%ct%x00%s", tags[before])
    rows = [line.split("\0") for line in (first + text).splitlines() if line]
    return [
        Commit(h, subject, datetime.fromtimestamp(int(seconds), timezone.utc))
        for h, seconds, subject in rows
    ]


def axis(clone: Path, commits: list[Commit], package: str, after: Environment) -> Axis:
    """Walk commits, each built and installed as of the day of the release that came of them.

    Args:
        after: the environment of that release; what it resolves from is the same for all.
    """
    known = {commit.hash[:10]: commit for commit in commits}

    def environment(release: Release) -> Environment:
        commit = known[release.version]
        folder = _unpacked(clone, commit.hash)
        name = after.requirements[0].partition("==")[0] if package == PACKAGE else package
        others = tuple(r for r in after.requirements if not _names(r, package))
        return Environment(
            release.version,
            (f"{name} @ {folder.as_uri()}", *others),
            after.exclude_newer,
            after.python,
            after.constraints,
            after.requires,
        )

    releases = [Release(short, commit.committed) for short, commit in known.items()]
    held = f"dependencies as of the release of {after.version}" if package == PACKAGE else ""
    return Axis(f"{package} commit", releases, environment, held, stable_matters=False)


def _names(requirement: str, package: str) -> bool:
    return re.split(r"[\[=<>!~@ ]", requirement, maxsplit=1)[0] == package


def _unpacked(clone: Path, commit: str) -> Path:
    """The tree of a commit, in a folder of its own, whole or not there."""
    folder = SOURCES / commit[:10]
    if not folder.is_dir():
        SOURCES.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=SOURCES, ignore_cleanup_errors=True) as part:
            archive = f"{part}.tar"
            try:
                _git(clone, "archive", "--format=tar", f"--output={archive}", commit)
                shutil.unpack_archive(archive, part)
            finally:
                Path(archive).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # another run may have been faster
                Path(part).rename(folder)
    return folder


def _tag(clone: Path, version: str) -> str:
    for name in (version, f"v{version}"):
        if _git(clone, "rev-parse", "--verify", "--quiet", f"refs/tags/{name}", check=False):
            return f"refs/tags/{name}"
    raise UserError(
        f"--source {clone} has no tag {version}: fetch the tags with"
        f" `git -C {clone} fetch --tags`, or name a full clone of the guilty package"
    )


def _git(clone: Path, *arguments: str, check: bool = True) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(clone), *arguments], check=check, capture_output=True, text=True
        )
    except FileNotFoundError:
        raise UserError("git is not on PATH: install it") from None
    except subprocess.CalledProcessError as error:
        raise UserError(f"--source {clone}: {error.stderr.strip().splitlines()[-1]}") from None
    return done.stdout
