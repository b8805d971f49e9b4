"""Uploads to the index, and what a fresh install resolved to at any moment."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from bisector.environments import building, releases
from bisector.environments.recipes import Environment, as_of, exactly
from bisector.environments.releases import INDEX_CACHE, SETTLING, Release
from bisector.errors import OutsideError
from bisector.processes import process

KEPT = 12 * 3600.0
"""Seconds for which the index's answer is believed; what came later is not missed by much."""
RESOLUTIONS = INDEX_CACHE / "resolutions"


@dataclass(frozen=True)
class Upload(Release):
    """A version of some distribution, at the moment when all its files were there."""

    name: str = ""
    number: str = ""
    """The distribution's version; `version` is what the search calls it."""

    def to_json(self) -> dict[str, str]:
        """Return it as JSON has it."""
        return {
            "name": self.name,
            "version": self.number,
            "uploaded": self.uploaded.isoformat(timespec="seconds"),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, str]) -> Upload:
        """Read what `to_json` wrote."""
        name, number = row["name"], row["version"]
        moment = datetime.fromisoformat(row["uploaded"])
        return cls(f"{name} {number}", moment, name=name, number=number)

    @property
    def words(self) -> str:
        """What was uploaded, and on which day."""
        return f"{self.version} of {self.uploaded:%Y-%m-%d}"


async def uploads(names: Collection[str]) -> list[Upload]:
    """Return all uploads of some distributions, oldest first; yanked versions are left out.

    Raises:
        OutsideError: the index is out of reach, or gives no upload times.
    """
    found = await asyncio.gather(*(asyncio.to_thread(_of, name) for name in sorted(names)))
    return sorted((u for each in found for u in each), key=lambda u: (u.uploaded, u.version))


def _of(name: str) -> list[Upload]:
    path = INDEX_CACHE / "uploads" / f"{name}.json"
    try:
        fresh = time.time() - path.stat().st_mtime < KEPT
        rows = json.loads(path.read_text(encoding="utf-8")) if fresh else None
    except (OSError, ValueError):
        rows = None
    if rows is None:
        rows = _ask(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(rows), encoding="utf-8")
        part.replace(path)
    return [
        Upload(f"{name} {number}", datetime.fromisoformat(moment), name=name, number=number)
        for number, moment in rows
    ]


def _ask(name: str) -> list[tuple[str, str]]:
    """When each version was complete: its last file of those that came within an hour."""
    times: dict[str, list[datetime]] = {}
    for file in releases.files(name):
        if file.version is None or file.upload_time is None or file.is_yanked:
            continue
        try:
            Version(file.version)
        except InvalidVersion:
            continue
        times.setdefault(file.version, []).append(file.upload_time.astimezone(timezone.utc))
    if not times:
        raise OutsideError(
            f"the package index gives no upload times for {name} (PEP 700), so days cannot be"
            " walked: set UV_DEFAULT_INDEX to one that does"
        )
    return [
        (number, max(t for t in each if t <= min(each) + SETTLING).isoformat(timespec="seconds"))
        for number, each in times.items()
    ]


def just_after(moment: datetime) -> str:
    """The moment as of which an upload is there, as uv takes it."""
    return as_of(moment + timedelta(seconds=2))


class Resolver:
    """Turns environments as of a moment into exact ones; the past is asked for only once."""

    def __init__(self, most: int | None = None) -> None:
        self._turns = asyncio.Semaphore(most or max(os.cpu_count() or 1, 2))
        self._known: dict[str, Environment] = {}

    async def __call__(self, environment: Environment) -> Environment:
        """Resolve it, without installing.

        Raises:
            UninstallableError: no set of versions fits.
            OutsideError: network, or anything else that is not the requirements' fault.
        """
        digest = environment.digest
        if digest not in self._known:
            pins = self._read(digest)
            if pins is None:
                async with self._turns:
                    pins = await self._resolve(environment)
                self._keep(digest, environment, pins)
            first = canonicalize_name(environment.requirements[0].split("[")[0].split("=")[0])
            exact = exactly(pins, environment.python, first)
            self._known[digest] = replace(exact, requires=environment.requires)
        return self._known[digest]

    @staticmethod
    async def _resolve(environment: Environment) -> dict[str, str]:
        with tempfile.TemporaryDirectory(prefix="bisector-") as folder:
            wanted = Path(folder) / "requirements.in"
            wanted.write_text("\n".join(environment.requirements), encoding="utf-8")
            day = (
                ["--exclude-newer", environment.exclude_newer] if environment.exclude_newer else []
            )
            command = [*building.uv(), "pip", "compile", "--quiet", "--no-header", "--no-annotate",
                       "--python-version", environment.python, *day, str(wanted)]  # fmt: skip
            settings = releases.uv_settings() | {"NO_COLOR": "1"}
            async with process.start(command, settings) as running:
                code = await running.wait()
                output = running.output
        if code:
            raise building.explain(environment, output, offline=False)
        lines = [line.split(";")[0].strip() for line in output.splitlines() if "==" in line]
        return {canonicalize_name(line.split("==")[0]): line for line in lines}

    @staticmethod
    def _read(digest: str) -> dict[str, str] | None:
        try:
            found = json.loads((RESOLUTIONS / f"{digest}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return dict(found) if isinstance(found, dict) else None

    @staticmethod
    def _keep(digest: str, environment: Environment, pins: dict[str, str]) -> None:
        # The last day may still change, as files are added.
        recent = as_of(datetime.now(timezone.utc) - timedelta(days=1))
        if environment.exclude_newer is None or environment.exclude_newer > recent:
            return
        RESOLUTIONS.mkdir(parents=True, exist_ok=True)
        part = RESOLUTIONS / f"{digest}.{os.getpid()}"
        part.write_text(json.dumps(pins), encoding="utf-8")
        part.replace(RESOLUTIONS / f"{digest}.json")
