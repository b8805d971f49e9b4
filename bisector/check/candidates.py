"""The two sides of a comparison: from what a user names to the environment that it runs in.

A side is a release, a wheel, a source folder, or a commit of a git repository.  The last two are
built into a wheel first; wheels are kept by their content, so that the same content is the same
environment, and other content under the same path is another one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from packaging.metadata import parse_email
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from bisector.axes import axis
from bisector.environments import building, recipes, releases
from bisector.environments.recipes import ENVIRONMENTS, EXTRA, TODAY, Environment
from bisector.environments.releases import PACKAGE, Release
from bisector.errors import OutsideError, UserError
from bisector.processes import process

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SAME_DAY = "same-day"
"""Both sides are resolved as of the later of their days, so that they get the same dependencies."""
WHEELS = ENVIRONMENTS / "wheels"
Note = Callable[[str], None]

_SHOWN_LINES = 15
_SCRATCH = "bisector-build-"
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
# A program called from a git hook is told of that repository; these would make it ours.
_OF_A_HOOK: dict[str, str | None] = dict.fromkeys(
    ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")
)


@dataclass(frozen=True)
class Named:
    """A side of a comparison: what the user named, and the environment that it runs in."""

    name: str
    """As it is shown: `0.7.8`, `../faststream (source)`, `git+https://...@main (1a2b3c4d5e)`."""
    environment: Environment


@dataclass(frozen=True)
class _Found:
    """What was named, before it is known what it is compared with."""

    name: str
    version: str
    requirement: str
    day: datetime | None = None
    """As of when a release is resolved; None: what is no release is of today."""
    source: bool = False
    """Whether it was built from sources, which bear the last release's version until the next."""


async def sides(
    candidate: str | None,
    baseline: str | None,
    *,
    with_: Sequence[str] = (),
    deps: str = SAME_DAY,
    python: str = recipes.PYTHON,
    note: Note = lambda _text: None,
) -> tuple[Named, Named]:
    """Return the baseline and the candidate; sources are built, no environment is installed.

    Args:
        candidate: a release, a path, or `git+URL[@REF]`; None: the newest stable release.
        baseline: likewise; None: the newest stable release before the candidate.
        with_: `NAME==VERSION`, held on both sides.
        deps: as of when dependencies are resolved: `same-day`, `release-day` or `today`.
        note: is told what takes time.

    Raises:
        UserError: something named is not there, is not FastStream, or is the same on both sides.
        OutsideError: it cannot be fetched or built.
    """
    pinned = _days_of(with_)
    history = releases.load()
    old = await _find(baseline, history, python, note) if baseline is not None else None
    chosen = candidate if candidate is not None else newest(history).version
    new = await _find(chosen, history, python, note)
    old = old or _release(_before(new, history))
    if old.requirement == new.requirement:
        same = old.name if old.name == new.name else f"{old.name} and {new.name}"
        raise UserError(f"baseline and candidate are the same, {same}: name another --baseline")

    def named(own: _Found, other: _Found, text: str | None) -> Named:
        days: list[datetime | None] = [None] if deps == TODAY else [own.day]
        if deps == SAME_DAY:
            days.append(other.day)
        known = [day for day in days if day is not None]
        # A version that is held may be younger than the release.
        day = recipes.as_of(max(known + pinned)) if len(known) == len(days) else None
        two_wheels = own.name == other.name and own.name.endswith(".whl")
        name = text if text and two_wheels else own.name
        return Named(name, Environment(own.version, (own.requirement, *with_), day, python))

    return named(old, new, baseline), named(new, old, candidate)


async def alone(
    text: str | None,
    *,
    with_: Sequence[str] = (),
    deps: str = recipes.RELEASE_DAY,
    python: str = recipes.PYTHON,
    note: Note = lambda _text: None,
) -> Named:
    """Return something named that is compared with nothing; likewise (see `sides`).

    Args:
        deps: as of when dependencies are resolved: `release-day` (of what is no release: today's)
            or `today`.
    """
    pinned = _days_of(with_)
    history = releases.load()
    found = await _find(newest(history).version if text is None else text, history, python, note)
    day = recipes.as_of(max([found.day, *pinned])) if found.day and deps != TODAY else None
    return Named(found.name, Environment(found.version, (found.requirement, *with_), day, python))


def of_wheel(wheel: Path, like: Environment) -> Environment:
    """Describe the environment of a wheel, in all else like another one.

    Raises:
        UserError: it is broken, or not FastStream.
    """
    found = _wheel(wheel, str(wheel))
    return replace(
        like, version=found.version, requirements=(found.requirement, *like.requirements[1:])
    )


def newest(history: Sequence[Release]) -> Release:
    """Return the newest stable release that is not yanked."""
    return [release for release in history if release.stable and release.yanked is None][-1]


def _before(found: _Found, history: Sequence[Release]) -> Release:
    """The newest stable release before it, or for sources the one whose version they still bear.

    For what is no release, and older than all of them by its version, the newest one.
    """
    own = Version(found.version)
    lower = [r for r in history if Version(r.version) < own]
    lower += [r for r in history if Version(r.version) == own and found.source]
    if any(release.stable and release.yanked is None for release in lower):
        return newest(lower)
    if found.day is None:
        return newest(history)
    raise UserError(f"no stable release comes before {found.name}: name a --baseline")


def _days_of(with_: Sequence[str]) -> list[datetime]:
    """When the versions that are held were released."""
    pins = [axis.pin(text) for text in with_]
    if any(name == PACKAGE for name, _ in pins):
        raise UserError(f"--with {PACKAGE} holds what is compared: name it as a side instead")
    return [releases.find(releases.known(n, version), version).release_day for n, version in pins]


async def _find(text: str, history: Sequence[Release], python: str, note: Note) -> _Found:
    if text.startswith("git+"):
        return await _commit(text, python, note)
    return _at_hand(text, history) or await _source(Path(text), text, python, note)


def _at_hand(text: str, history: Sequence[Release]) -> _Found | None:
    """Return a release or a wheel; None: it is a folder, to be built."""
    path = Path(text)
    if not text:
        raise UserError("the name of a side is empty: name a release, a path, or git+URL[@REF]")
    if "://" in text:
        raise UserError(f"{text}: a repository is git+URL[@REF]; fetch a wheel, and name its path")
    if _is_version(text):
        return _release(releases.find(history, text))
    if path.is_dir():
        return None
    if path.exists():
        return _wheel(path, text)
    if "/" in text or path.suffix in (".whl", ".gz", ".zip"):
        raise UserError(f"{text}: there is no such path")
    if re.match(r"v?\d", text):
        releases.find(history, text)  # says which are near
    raise UserError(
        f"{text}: neither a release, nor the path of a wheel or source folder, nor git+URL[@REF]"
    )


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _release(release: Release) -> _Found:
    requirement = recipes.requirement(release.version)
    return _Found(release.version, release.version, requirement, release.release_day)


def _wheel(path: Path, shown: str) -> _Found:
    """Look into a wheel, and keep it by its content.

    Raises:
        UserError: it is none, broken, or not FastStream.
    """
    if path.suffix != ".whl":
        raise UserError(f"{shown}: neither a wheel (.whl) nor a source folder")
    try:
        _, version, _, _ = parse_wheel_filename(path.name)
    except InvalidWheelFilename:
        raise UserError(f"{shown}: a wheel is called NAME-VERSION-TAGS.whl") from None
    digest = hashlib.sha256()
    metadata = b""
    try:
        with zipfile.ZipFile(path) as archive:
            # Of the files, not of the archive: that also holds when they were packed.
            for name in sorted(archive.namelist()):
                content = archive.read(name)
                digest.update(f"{name}\0{len(content)}\0".encode() + content)
                if re.fullmatch(r"[^/]+\.dist-info/METADATA", name):
                    metadata = content
    except _BROKEN_ZIP as error:
        raise UserError(f"{shown}: the wheel is broken: {error}") from None
    except OSError as error:
        raise UserError(f"{shown}: cannot be read: {error.strerror}") from None
    told, _ = parse_email(metadata)
    if not metadata or "name" not in told or not _is_version(told.get("version", "")):
        raise UserError(f"{shown}: the wheel is broken: its METADATA names no package and version")
    _expect_package(told["name"], shown)
    if Version(told["version"]) != version:
        raise UserError(
            f"{shown}: the wheel is broken: its METADATA is of version {told['version']}"
        )
    kept = _kept(path, WHEELS / digest.hexdigest()[:16])
    return _Found(path.name, str(version), f"{PACKAGE}[{EXTRA}] @ {kept.as_uri()}")


def _expect_package(name: str, shown: str) -> None:
    if canonicalize_name(name) != PACKAGE:
        raise UserError(f"{shown}: is not FastStream but {name}")


def _kept(wheel: Path, folder: Path) -> Path:
    """Copy a wheel into the folder of its content, unless it is there; whole or not at all."""
    if not folder.is_dir():
        WHEELS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=WHEELS, ignore_cleanup_errors=True) as part:
            shutil.copyfile(wheel, Path(part) / wheel.name)
            with contextlib.suppress(OSError):  # another run may have been faster
                Path(part).rename(folder)
    return next(folder.glob("*.whl"))


async def _source(folder: Path, shown: str, python: str, note: Note) -> _Found:
    """Build a source folder, from a copy: build backends write beside what they read."""
    _expect_sources(folder, shown)
    with scratch_folder() as scratch:
        try:
            shutil.copytree(folder, scratch / "source", symlinks=True, ignore=_not_source)
        except shutil.Error as error:
            source, _, reason = error.args[0][0]
            raise OutsideError(f"{shown}: {source} cannot be copied: {reason}") from None
        found = await _built(scratch, shown, python, note)
        return replace(found, name=f"{shown} (source)", source=True)


def _not_source(folder: str, names: list[str]) -> list[str]:
    """What does not belong to a source tree: caches, environments, history, pipes and sockets."""

    def is_source(path: Path) -> bool:
        if path.is_dir():
            hidden = path.name.startswith(".") or path.name in ("__pycache__", "node_modules")
            return not hidden and not (path / "pyvenv.cfg").exists()
        return path.is_file() or path.is_symlink()

    return [name for name in names if not is_source(Path(folder, name))]


async def _commit(text: str, python: str, note: Note) -> _Found:
    """Fetch one commit, without its history, and build it."""
    url, ref = _address(text)
    shown = _without_password(text, url)
    with scratch_folder() as scratch:
        note(f"fetching {shown} ...")
        source = scratch / "source"
        await _git(shown, url, "init", "--quiet", source)
        await _git(
            shown, url, "-C", source, "fetch", "--quiet", "--depth=1", "--", url, ref or "HEAD"
        )
        await _git(shown, url, "-C", source, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        commit = (source / ".git" / "HEAD").read_text(encoding="ascii")
        _expect_sources(source, shown)
        found = await _built(scratch, shown, python, note)
        return replace(found, name=f"{shown} ({commit[:10]})", source=True)


def _address(text: str) -> tuple[str, str]:
    """Split `git+URL[@REF]`; a user's name before the host is not a ref."""
    parts = urlsplit(text.removeprefix("git+"))
    if parts.scheme not in ("https", "http", "ssh", "file", "git"):
        raise UserError(f"{text}: git+URL[@REF] needs an https://, ssh:// or file:// address")
    path, at, ref = parts.path.rpartition("@")
    if not at:
        path, ref = parts.path, ""
    elif not path or not ref:
        raise UserError(f"{text}: no branch, tag or commit after the @")
    return urlunsplit(parts._replace(path=path)), ref


def _without_password(text: str, url: str) -> str:
    """What is shown may be published; the user's part of an https address may be a token."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return text.replace(user + at, "") if at and parts.scheme in ("https", "http") else text


async def _git(shown: str, url: str, *arguments: str | Path) -> None:
    """Run git.

    Raises:
        UserError: there is no such repository or ref.
        OutsideError: anything else that git complains about.
    """
    if not shutil.which("git"):
        raise OutsideError("git is not on PATH: install it")
    environ = {**_OF_A_HOOK, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    async with process.start(["git", *arguments], environ) as running:
        code = await running.wait()
        output = _without_password(running.output, url)
    if not code:
        return
    # Its first complaint; then it goes on about access rights.
    said = [line for line in output.splitlines() if line and not re.match("warning|hint", line)]
    line = f"{shown}: git says: {said[0] if said else f'exit code {code}'}"
    if re.search(r"couldn't find remote ref|not our ref|not appear to be a git|not found", line):
        raise UserError(line)
    raise OutsideError(line, output)


def _expect_sources(folder: Path, shown: str) -> None:
    """See that it is FastStream before code of it runs, as far as that can be told."""
    file = folder / "pyproject.toml"
    if not file.is_file():
        raise UserError(f"{shown}: no pyproject.toml in it; name the folder of FastStream's source")
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project")
    except ValueError as error:
        raise UserError(f"{shown}: its pyproject.toml is broken: {error}") from None
    if isinstance(project, dict) and isinstance(project.get("name"), str):
        _expect_package(project["name"], shown)


async def _built(scratch: Path, shown: str, python: str, note: Note) -> _Found:
    """Build the folder `source` inside into a wheel, and keep that."""
    note(f"building {shown} ...")
    source, target = scratch / "source", scratch / "wheel"
    code, output, _ = await building.run("build", str(source), str(target), python)
    wheels = list(target.glob("*.whl"))
    if code or len(wheels) != 1:
        lines = output.replace(str(source), shown).splitlines()
        lines = [line for line in lines if line.strip() and not line.startswith("nox > ")]
        end = "\n".join(lines[-_SHOWN_LINES:])
        raise OutsideError(f"{shown} does not build; the end of what that wrote:\n{end}", output)
    return _wheel(wheels[0], shown)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder to build in, outside of all projects; what killed runs left is removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*"):
        pid = left.name.removeprefix(_SCRATCH).partition("-")[0]
        if pid.isdecimal() and not _is_alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{_SCRATCH}{os.getpid()}-") as folder:
        yield Path(folder)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
