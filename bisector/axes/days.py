"""Days: every upload that may change what a fresh install resolves to, in the order of time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime, timezone

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from bisector.axes.axis import Axis, Choice, pin
from bisector.environments import recipes, releases
from bisector.environments.building import UninstallableError
from bisector.environments.recipes import Environment, as_of
from bisector.environments.releases import PACKAGE, Release, TooShortError, known
from bisector.environments.uploads import Resolver, Upload, just_after, uploads
from bisector.errors import UserError

DAYS = "days"
LOOKS = 3
"""As of how many moments the requirements are resolved to see whose uploads may matter."""


async def of_days(choice: Choice, project: Sequence[str] = ()) -> Axis:
    """Walk the uploads of all distributions in an environment, each resolved as of just after it.

    Args:
        project: what is installed beside what `--with` names: the user's own requirements.

    Raises:
        UserError: nothing is named to be installed, or not since when.
        OutsideError: the index is out of reach, or gives no upload times.
    """
    wanted = requirements(choice, project)
    days = [releases.find(known(n, v), v).release_day for n, v in choice.pins.items()]
    start = _moment(choice.start, "--from") or max(days, default=None)
    if start is None:
        raise UserError(
            f"--along days needs a beginning: --from DATE, or --with {PACKAGE}==VERSION, whose"
            " release day it is then"
        )
    end = _moment(choice.end, "--to") or datetime.now(timezone.utc)
    if start >= end:
        raise UserError(f"--from {start:%Y-%m-%d} comes after --to {end:%Y-%m-%d}: swap them")
    resolver = Resolver()

    def environment(release: Release) -> Environment:
        moment = just_after(release.uploaded)
        return Environment(release.version, wanted, moment, choice.python, requires=choice.requires)

    step = (end - start) / (LOOKS - 1)
    names: set[str] = set()
    looks = [environment(Release("", start + n * step)) for n in range(LOOKS)]
    for found in await asyncio.gather(*map(resolver, looks), return_exceptions=True):
        if isinstance(found, Environment):
            names |= {requirement.split("==")[0] for requirement in found.requirements}
        elif not isinstance(found, UninstallableError):
            raise found
    fixed = {pin(text)[0] for text in wanted if "==" in text and ";" not in text}
    # Where nothing resolves, the index may know no upload times; asked about these, it says so.
    found_uploads = await uploads(names - fixed or _names(wanted))
    moving = [upload for upload in found_uploads if upload.name not in fixed]
    line: list[Release] = [Release(f"{start:%Y-%m-%d}", start), *between(moving, start, end)]
    if len(line) < 2:
        raise TooShortError("nothing was uploaded in that time: widen --from or --to")
    held = ", ".join(wanted)
    options = choice.options(DAYS)
    return Axis(DAYS, line, environment, held, options, choice.end is None,
                resolve=resolver, stable_matters=False)  # fmt: skip


def requirements(choice: Choice, project: Sequence[str]) -> tuple[str, ...]:
    """Return what a fresh install is asked for; FastStream's line first.

    Raises:
        UserError: nothing is.
    """
    version = choice.pins.get(PACKAGE)
    own = [recipes.requirement(version, choice.extras)] if version else []
    found = (*own, *choice.others(), *project)
    if not found:
        raise UserError(
            f"--along days needs something to install: --with {PACKAGE}==VERSION, or"
            " --requirements FILE"
        )
    return found


def _names(wanted: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for text in wanted:
        with contextlib.suppress(InvalidRequirement):  # a path, say: the index knows nothing of it
            found.add(canonicalize_name(Requirement(text).name))
    return found


def between(line: Sequence[Upload], start: datetime, end: datetime) -> list[Upload]:
    """Cut a line of uploads to those after a moment, up to another one."""
    return [upload for upload in line if as_of(start) < as_of(upload.uploaded) <= as_of(end)]


def _moment(text: str | None, option: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f"{option} {text}: along days it takes a date, as 2024-10-14 or 2024-10-14T12:00"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
