"""The releases as a git history, for tools that walk commits: one commit for each release.

In upload order, so that it only ever grows: the commits of known releases keep their hashes when
new ones come, a late release of an old series included.  Names, dates and time zone are fixed, so
that the hashes are the same on every machine, and results filed under them can be shared.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from packaging.version import Version

from bisector import ROOT
from bisector.environments.releases import PACKAGE, Release, load
from bisector.errors import OutsideError

REPOSITORY = ROOT / ".asv" / "releases.git"
BRANCH = "main"
UPSTREAM = "https://github.com/ag2ai/faststream"
TAGS = Path(__file__).with_name("upstream_tags.txt")
"""The releases that upstream is known to have a tag for.  Add none that is released already: a link
would come into the message of its commit, and change that one's hash and all later ones."""

_STAMP = "bisector-history"


def ensure(releases: Sequence[Release] | None = None, path: Path = REPOSITORY) -> Path:
    """Make or extend the repository, unless it is there and up to date (0.01 s, else 0.2 s).

    Args:
        releases: in any order; None for those of the committed snapshot.

    One of another layout is replaced.  Several processes may do so at once.

    Raises:
        OutsideError: git is missing, or it failed.
    """
    text = stream(load() if releases is None else releases)
    stamp = hashlib.sha256(text).hexdigest()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go by the kernel when we die
        if _read(path / _STAMP) == stamp:
            return path
        # All of it anew: hashes do not depend on how a commit came in, and it takes no longer.
        part = path.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)  # what a killed run left
        _git("init", "--quiet", "--bare", str(part))
        _git("--git-dir", str(part), "symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
        _git("--git-dir", str(part), "fast-import", "--quiet", "--date-format=raw", given=text)
        (part / _STAMP).write_text(stamp, encoding="utf-8")
        old = path.with_suffix(".old")
        shutil.rmtree(old, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            path.rename(old)
        part.rename(path)
        shutil.rmtree(old, ignore_errors=True)
    return path


def commits(path: Path = REPOSITORY) -> dict[str, str]:
    """Return the full hash of each release's commit, by version."""
    refs = _git("--git-dir", str(path), "for-each-ref", "--format=%(refname:strip=2) %(objectname)",
                "refs/tags")  # fmt: skip
    return dict(line.split() for line in refs.splitlines())


def stream(releases: Sequence[Release]) -> bytes:
    """Return the history as `git fast-import` reads it."""
    known = frozenset(TAGS.read_text(encoding="utf-8").split())
    tagged: list[Version] = []  # of the releases so far
    parts = []
    ordered = sorted((release.uploaded, Version(release.version), release) for release in releases)
    for mark, (uploaded, version, release) in enumerate(ordered, start=1):
        # Nothing that may change later (that it was yanked, say): it would change the hash.
        text = f"{PACKAGE} {release.version}\n"
        if release.version in known:
            if before := [v for v in tagged if v < version]:
                text += f"\n{UPSTREAM}/compare/{max(before)}...{release.version}\n"
            tagged.append(version)
        message = text.encode()
        who = f"{PACKAGE} <{PACKAGE}@invalid> {int(uploaded.timestamp())} +0000"
        parts.append(
            f"commit refs/heads/{BRANCH}\nmark :{mark}\nauthor {who}\ncommitter {who}\n"
            f"data {len(message)}\n{text}\n"
            # Not annotated: `git name-rev`, which asv shows, would add `^0` to its name.
            f"reset refs/tags/{release.version}\nfrom :{mark}\n\n"
        )
    return "".join(parts).encode()


def _git(*arguments: str, given: bytes | None = None) -> str:
    # Neither the settings of this user or system, nor those of a git hook that we may run in.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_DEFAULT_HASH": "sha1"}  # fmt: skip
    try:
        done = subprocess.run(
            ["git", *arguments], input=given, capture_output=True, env=environ, check=True
        )
    except FileNotFoundError:
        raise OutsideError("git is not on PATH: install it, asv needs it too") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace")
        raise OutsideError("git could not write the history of releases", said) from None
    return done.stdout.decode()


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
