"""How long each release lived: until which upload a fresh install of it, with no lock, imported."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bisector import DATA
from bisector.axes.days import between
from bisector.environments import building, recipes
from bisector.environments.building import UninstallableError
from bisector.environments.recipes import Environment
from bisector.environments.releases import PACKAGE, Release
from bisector.environments.uploads import Resolver, Upload, just_after, uploads
from bisector.processes.redaction import redact
from bisector.search import exact
from bisector.search.exact import Verdict
from bisector.tasks import stop, together

GUESSES = 3
"""How many of the uploads that killed most releases so far are tried first."""

LOOKS = (2, 9)
"""As of how many moments it is resolved, to see whose uploads may matter; more, where one is
missing."""


LIVES, DIED, NEVER = "lives", "died", "never imported"
JOURNAL = DATA / ".bisector" / "lifetimes.jsonl"


@dataclass(frozen=True)
class Lifetime:
    """What became of one release."""

    release: Release
    upload: Upload | None = None
    """With which fresh installs stopped importing; None: they still import, or never did."""
    reason: str = ""
    """Why they do not import any more, or never did."""

    @property
    def lives(self) -> bool:
        """Whether a fresh install imports today."""
        return not self.reason

    @property
    def days(self) -> float | None:
        """How long it lived; None while it does."""
        if self.upload is None:
            return None if self.lives else 0.0
        return (self.upload.uploaded - self.release.uploaded).total_seconds() / 86400

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "version": self.release.version,
            "uploaded": self.release.uploaded.isoformat(timespec="seconds"),
            "state": DIED if self.upload else LIVES if self.lives else NEVER,
            "days": None if self.days is None else round(self.days, 1),
            "upload": self.upload.to_json() if self.upload else None,
            "reason": _without_file(redact(self.reason)),
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Lifetime:
        """Read what `to_json` wrote."""
        release = Release(row["version"], datetime.fromisoformat(row["uploaded"]))
        upload = Upload.from_json(row["upload"]) if row["upload"] else None
        return cls(release, upload, row["reason"])


def _without_file(reason: str) -> str:
    """Leave out in which file of an environment a name is missing: the module is named anyway."""
    return re.sub(r" \(\S+\.py\)$", "", reason)


class Lifetimes:
    """Finds out of each release when it died; the same resolution is installed once for all."""

    def __init__(
        self, today: datetime, jobs: int, say: Callable[[str], None], journal: Path = JOURNAL
    ) -> None:
        """Take the day up to which to look, and how many releases to look at side by side.

        Args:
            journal: what was found is there at once, so that a run of the same day goes on.
        """
        self._today, self._say, self._jobs, self._journal = today, say, jobs, journal
        self._resolver = Resolver(jobs)
        self._seen: dict[str, asyncio.Task[str]] = {}
        self._killers: Counter[str] = Counter()

    async def of(self, releases: Sequence[Release]) -> list[Lifetime]:
        """Return the lifetimes of releases, in their order."""
        turns = asyncio.Semaphore(self._jobs)
        known = self._known()
        self._killers.update(one.upload.version for one in known.values() if one.upload)

        async def one(release: Release) -> Lifetime:
            if release.version in known:
                return known[release.version]
            async with turns:
                found = await self._of(release)
            self._keep(found)
            when = "lives" if found.lives else f"never imported: {found.reason}"
            if found.upload:
                when = f"died on {found.upload.uploaded:%Y-%m-%d} of {found.upload.version}"
            self._say(f"{release.version}: {when}")
            return found

        try:
            return await together(map(one, releases))
        finally:
            await stop([*self._seen.values()])  # what nobody waits for any more, after trouble

    def _known(self) -> dict[str, Lifetime]:
        found: dict[str, Lifetime] = {}
        with contextlib.suppress(FileNotFoundError):
            for line in self._journal.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    row = json.loads(line)
                    if row["today"] == f"{self._today:%Y-%m-%d}":
                        lifetime = Lifetime.from_json(row)
                        found[lifetime.release.version] = lifetime
        return found

    def _keep(self, found: Lifetime) -> None:
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        row = {"today": f"{self._today:%Y-%m-%d}", **found.to_json()}
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    async def _of(self, release: Release) -> Lifetime:
        ends = (release.release_day, self._today)
        first, last = await together(self._failure(release, end) for end in ends)
        if first or not last:
            return Lifetime(release, None, first if first and last else "")
        for looks in LOOKS:
            found = await self._died(release, last, await self._line(release, looks))
            if found is not None:
                return found
        return Lifetime(release, None, f"{last} (which upload did it was not found)")

    async def _died(self, release: Release, last: str, line: Sequence[Upload]) -> Lifetime | None:
        """Find the upload that did it; None: it is none of these.

        Args:
            last: why it does not import today.
        """
        moments = [release.release_day, *(upload.uploaded for upload in line)]
        history: list[Verdict | None] = [None] * len(moments)
        history[0], history[-1] = Verdict.GOOD, Verdict.BAD
        reasons: dict[int, str] = {len(moments) - 1: last}
        likely = [version for version, _ in self._killers.most_common(GUESSES)]
        places = [n for n, upload in enumerate(line, 1) if upload.version in likely]
        while wanted := exact.next_to_probe(history, 2, suspects=places):
            found = await together(self._failure(release, moments[i]) for i in wanted)
            for i, reason in zip(wanted, found, strict=True):
                history[i] = Verdict.BAD if reason else Verdict.GOOD
                reasons[i] = reason
        flip = exact.flips(history)[0]
        killer = line[flip.after - 1]
        try:
            before, after = [
                (await self._resolver(self._environment(release, moments[i]))).requirements
                for i in (flip.before, flip.after)
            ]
        except UninstallableError:  # nothing fits any more; that the upload did it is all we know
            before, after = (), (f"{killer.name}=={killer.number}",)
        if f"{killer.name}=={killer.number}" not in {*after} - {*before}:
            return None  # something else was uploaded meanwhile
        self._killers[killer.version] += 1
        return Lifetime(release, killer, reasons[flip.after])

    async def _line(self, release: Release, looks: int) -> list[Upload]:
        names: set[str] = set()
        start, end = release.release_day, self._today
        for n in range(looks):
            moment = start + (end - start) * n / (looks - 1)
            try:
                found = await self._resolver(self._environment(release, moment))
            except UninstallableError:
                continue
            names |= {requirement.split("==")[0] for requirement in found.requirements}
        return between(await uploads(names - {PACKAGE}), start, end)

    async def _failure(self, release: Release, moment: datetime) -> str:
        """Why a fresh install of that moment does not import; empty: it does."""
        try:
            environment = await self._resolver(self._environment(release, moment))
        except UninstallableError as error:
            return f"does not resolve: {error}"
        digest = environment.digest
        if digest not in self._seen:
            self._seen[digest] = asyncio.create_task(_import(environment))
        return await asyncio.shield(self._seen[digest])

    @staticmethod
    def _environment(release: Release, moment: datetime) -> Environment:
        wanted = (recipes.requirement(release.version),)
        return Environment(release.version, wanted, just_after(moment))


async def _import(environment: Environment) -> str:
    try:
        await building.install(environment)
    except UninstallableError as error:
        return f"does not install: {error}"
    return await building.import_failure(environment) or ""
