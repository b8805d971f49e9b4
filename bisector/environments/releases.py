"""The releases of a package: read from the index, kept as a snapshot, cut to a range."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from bisector import CACHE
from bisector.errors import OutsideError, UserError

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage

PACKAGE = "faststream"
SNAPSHOT = Path(__file__).with_name("releases.json")
# An index can take a while to show all files of a release and what was published just before it.
SETTLING = timedelta(hours=1)
INDEX_CACHE = CACHE / ".bisector" / "index"


class TooShortError(UserError):
    """A range holds fewer than two releases."""


@dataclass(frozen=True)
class Release:
    """One version of a package on the index."""

    version: str
    uploaded: datetime
    """When its first file was uploaded, UTC."""
    requires_python: str | None = None
    yanked: str | None = None
    """Why it was withdrawn; None when it was not."""

    @property
    def stable(self) -> bool:
        """A version (a commit is none) and neither a pre- nor a development release (PEP 440)."""
        try:
            return not Version(self.version).is_prerelease
        except InvalidVersion:
            return False

    @property
    def release_day(self) -> datetime:
        """The moment as of which its environment is resolved."""
        return self.uploaded + SETTLING


def load(path: Path = SNAPSHOT) -> list[Release]:
    """Read the committed snapshot, ordered by PEP 440 version."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["releases"]
        releases = [Release(**{**row, "uploaded": _instant(row["uploaded"])}) for row in rows]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise OutsideError(
            f"bisector/environments/{path.name} cannot be read ({error}):"
            " write it anew with `nox -s update`"
        ) from None
    return sorted(releases, key=_order)


def save(releases: Sequence[Release], path: Path = SNAPSHOT, package: str = PACKAGE) -> None:
    """Write a snapshot, a line for each release so that an update reads well as a diff."""
    rows = []
    for release in sorted(releases, key=_order):
        row: dict[str, Any] = {k: v for k, v in asdict(release).items() if v is not None}
        row["uploaded"] = release.uploaded.isoformat(timespec="seconds")
        rows.append(json.dumps(row))
    text = '{"package": "%s", "releases": [\n%s\n]}\n' % (package, ",\n".join(rows))  # noqa: UP031
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def files(package: str) -> list[DistributionPackage]:
    """Ask the index for all files of a package.

    Uses the JSON API (PEP 691).

    Raises:
        UserError: the index does not know the package, and it is not FastStream.
        OutsideError: it is out of reach.
    """
    # Imported here: an HTTP client is a third of a second that only `nox -s update` has to spend.
    import requests  # noqa: PLC0415
    from pypi_simple import (  # noqa: PLC0415
        ACCEPT_JSON_ONLY,
        PYPI_SIMPLE_ENDPOINT,
        NoSuchProjectError,
        PyPISimple,
        UnsupportedContentTypeError,
    )

    endpoint = index_url(os.environ) or PYPI_SIMPLE_ENDPOINT
    try:
        with PyPISimple(endpoint, accept=ACCEPT_JSON_ONLY) as index:
            return index.get_project_page(package, timeout=30).packages
    except NoSuchProjectError:
        line = f"the package index knows no package {package!r}"
        raise (OutsideError if package == PACKAGE else UserError)(line) from None  # a typo, or not
    except UnsupportedContentTypeError as error:
        raise OutsideError(
            "the package index does not speak the JSON API (PEP 691):"
            " set UV_DEFAULT_INDEX to one that does",
            str(error),
        ) from None
    except (requests.RequestException, ValueError) as error:
        raise OutsideError(
            "the package index cannot be reached: check the network, or UV_DEFAULT_INDEX",
            str(error),
        ) from None


def fetch(package: str = PACKAGE) -> list[Release]:
    """Ask the index for all releases of a package, pre-releases and yanked ones included.

    Uses its upload times (PEP 700).

    Raises:
        UserError: the index does not know the package, and it is not FastStream.
        OutsideError: it is out of reach, or gives no times.
    """
    found: dict[str, Release] = {}
    for file in files(package):
        if file.version is None or file.upload_time is None:
            continue
        try:
            Version(file.version)
        except InvalidVersion:
            continue
        release = Release(
            version=file.version,
            uploaded=file.upload_time.astimezone(timezone.utc).replace(microsecond=0),
            requires_python=file.requires_python,
            yanked=(file.yanked_reason or "no reason given") if file.is_yanked else None,
        )
        known = found.get(file.version)
        if known is None or release.uploaded < known.uploaded:
            found[file.version] = release
    if not found:
        raise OutsideError(
            f"the package index gives no upload times for {package} (PEP 700):"
            " set UV_DEFAULT_INDEX to one that does"
        )
    return sorted(found.values(), key=_order)


def index_url(environ: Mapping[str, str]) -> str | None:
    """The package index that this user's pip and uv are set to; None for their default."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if url := environ.get(name, "").strip():
            # uv allows a name before the address: `internal=https://...`
            head, _, tail = url.partition("=")
            return tail if tail and ":" not in head else url
    return None


def uv_settings() -> dict[str, str | None]:
    """Return what points uv at the index that the user's pip is set to, where uv is set to none."""
    index = index_url(os.environ)
    return {"UV_DEFAULT_INDEX": index} if index else {}


def find(releases: Sequence[Release], version: str) -> Release:
    """Return the release of that version.

    Raises:
        UserError: there is none; the line names the nearest ones.
    """
    try:
        wanted = Version(version)
    except InvalidVersion:
        wanted = None
    for release in releases:
        if wanted is not None and Version(release.version) == wanted:
            return release
    names = [release.version for release in releases]
    near = difflib.get_close_matches(version, names, n=2, cutoff=0.6)
    if wanted is not None:
        below = [v for v in names if Version(v) < wanted][-1:]
        above = [v for v in names if Version(v) > wanted][:1]
        near = below + above + near
    near = list(dict.fromkeys(near)) or [names[0], names[-1]]
    raise UserError(
        f"there is no release {version}; the nearest: {', '.join(near[:3])}"
        " (`nox -s update` reads the newest from the index)"
    )


def select(
    releases: Sequence[Release],
    start: str | None = None,
    end: str | None = None,
    *,
    stable: bool = False,
) -> list[Release]:
    """Cut an ordered list to the range that a user asked for, both ends included.

    Args:
        start: a version, or a date (`2024-04-01`): releases uploaded on that day or later.
        end: a version, or a date: releases uploaded on that day or earlier.
        stable: leave out pre-releases.

    Yanked releases are left out unless an end names them.

    Raises:
        UserError: an unknown version, ends the wrong way round, fewer than two releases left.
    """
    dated = {text: day for text in (start, end) if text and (day := _day(text))}
    first = find(releases, start) if start and start not in dated else None
    last = find(releases, end) if end and end not in dated else None
    named = {release.version for release in (first, last) if release}

    def wanted(release: Release) -> bool:
        version = Version(release.version)
        return (
            (first is None or version >= Version(first.version))
            and (last is None or version <= Version(last.version))
            and (start not in dated or release.uploaded >= dated[start])
            and (end not in dated or release.uploaded < dated[end] + timedelta(days=1))
            and (release.version in named or (release.yanked is None))
            and (release.version in named or release.stable or not stable)
        )

    if first and last and Version(first.version) > Version(last.version):
        raise UserError(f"--from {first.version} comes after --to {last.version}: swap them")
    if start in dated and end in dated and dated[start] > dated[end]:
        raise UserError(f"--from {start} comes after --to {end}: swap them")
    chosen = [release for release in releases if wanted(release)]
    if len(chosen) < 2:
        held = f"only {chosen[0].version} is" if chosen else "no release is"
        raise TooShortError(
            f"{held} in that range, and it takes two to compare: widen --from or --to"
        )
    return chosen


def known(package: str, *versions: str) -> list[Release]:
    """Return a package's releases: FastStream's from the snapshot, others' from the index.

    The index's answer is kept, and asked for again when it does not know one of `versions`.
    """
    if package == PACKAGE:
        return load()
    path = INDEX_CACHE / f"{package}.json"
    if path.is_file() and versions:
        kept = load(path)
        names = {release.version for release in kept}
        if set(versions) <= names:
            return kept
    try:
        found = fetch(package)
    except OutsideError:
        if path.is_file() and not versions:
            return load(path)  # better than nothing, where there is no network
        raise
    path.parent.mkdir(parents=True, exist_ok=True)
    save(found, path, package)
    return found


def _day(text: str) -> datetime | None:
    """Midnight (UTC) of an ISO date; None when the text is none, as a version."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _order(release: Release) -> Version:
    return Version(release.version)
