"""RabbitMQ from Debian's or Ubuntu's own packages, unpacked into the user's cache folder."""

from __future__ import annotations

import asyncio
import json
import platform
import shutil
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import platformdirs
from packaging.version import Version

from bisector import NAME

from . import node, suites
from .server import BrokerError, Progress
from .suites import Suite
from .unpack import FOUND, NEWEST, matches

_UNPACK = Path(__file__).with_name("unpack.py")
FRESH = timedelta(days=7)
"""So long what a suite holds is believed without asking it again."""


def usable() -> bool:
    """Whether this machine installs its software from Debian packages."""
    return bool(shutil.which("apt-get") and shutil.which("dpkg-deb"))


async def default(progress: Progress) -> node.Layout:
    """What the machine's own suite holds: unpacked before, or else now (35 MB, about 7 s).

    Several processes may do so at once. Raises `BrokerError` where that can't be done.
    """
    _refuse_other_systems()
    version = known().get(suites.own().name)
    if version and (found := unpacked(version)):
        return found
    return _whole(await _ask(suites.own(), NEWEST, progress))


async def bring(wanted: str, progress: Progress) -> node.Layout | None:
    """The newest RabbitMQ that matches, of any suite; None if no suite has one.

    Raises `BrokerError`: there may be one, but it could not be asked for or fetched.
    """
    _refuse_other_systems()
    held, failed = known(asked_within=FRESH), list[BrokerError]()
    for suite in await asyncio.to_thread(suites.every):
        version = held.get(suite.name)
        if version and not matches(version, wanted):
            continue
        if version and (found := unpacked(version)):
            return found
        try:
            version = await _ask(suite, wanted, progress)
        except BrokerError as error:
            failed.append(error)
            continue
        if matches(version, wanted):
            return _whole(version)
    if failed:
        raise failed[0]
    return None


async def survey(progress: Progress) -> list[str]:
    """Ask each suite that was not asked lately what it holds; returns why some did not answer."""
    held, failed = known(asked_within=FRESH), list[str]()
    for suite in await asyncio.to_thread(suites.every) if usable() else ():
        if suite.name not in held:
            try:
                await _ask(suite, "nothing", progress)
            except BrokerError as error:
                failed.append(str(error))
    return failed


def known(asked_within: timedelta = timedelta.max) -> dict[str, str]:
    """Return the version that each suite held when it was last asked."""
    now = datetime.now(timezone.utc)
    return {
        suite: row["version"]
        for suite, row in _table().items()
        if now - datetime.fromisoformat(row["asked"]) <= asked_within
    }


def versions() -> list[str]:
    """Return the versions that were unpacked before."""
    return [path.name for path in _folder().glob("[0-9]*")]


def unpacked(version: str) -> node.Layout | None:
    """Return where a version was unpacked."""
    return node.layout(_folder() / version)


def _whole(version: str) -> node.Layout:
    found = unpacked(version)
    if not found:
        raise BrokerError(
            f"the packages in {_folder() / version} are not whole; remove that folder"
        )
    return found


def _refuse_other_systems() -> None:
    if not usable():
        raise BrokerError("this is no Debian or Ubuntu")


def cache() -> Path:
    """Return where all checkouts of a user keep what was unpacked, a folder for each system."""
    return platformdirs.user_cache_path(NAME) / "rabbitmq"


def _folder() -> Path:
    """One for each distribution and machine, for a home folder may be shared."""
    name = f"{suites.distribution()}-{platform.machine()}"
    return cache() / name


def _table() -> dict[str, dict[str, str]]:
    """What each suite held, and when it was asked; a table that cannot be read is none."""
    try:
        table = json.loads((_folder() / "suites.json").read_text(encoding="utf-8"))
        for row in table.values():
            datetime.fromisoformat(row["asked"])
            Version(row["version"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
    return dict(table)


def _note(suite: Suite, version: str) -> None:
    asked = datetime.now(timezone.utc).isoformat(timespec="seconds")
    table = _table() | {suite.name: {"version": version, "asked": asked}}
    with tempfile.NamedTemporaryFile("w", dir=_folder(), delete=False) as file:
        json.dump(table, file, indent=1)
    Path(file.name).replace(_folder() / "suites.json")  # whole, whoever else writes


async def _ask(suite: Suite, wanted: str, progress: Progress) -> str:
    """Ask a suite which RabbitMQ it holds, and have it unpacked if that is wanted."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", _UNPACK, _folder(), wanted, *([suite.source] if suite.source else []),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us; we tell it
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    version = ""
    try:
        async for line in process.stdout:
            said = line.decode().strip()
            if said.startswith(FOUND):
                version = said.removeprefix(FOUND)
                _note(suite, version)
            else:
                progress(f"{said} ({suites.distribution()} {suite.name})")
        errors = (await process.stderr.read()).decode(errors="replace")
        code = await process.wait()
    finally:
        process.stdin.close()  # the sign to stop, if it still runs
        await asyncio.shield(process.wait())
    if code:
        lines = errors.strip().splitlines() or ["failed"]
        raise BrokerError(
            f"packages of {suites.distribution()} {suite.name}: {lines[-1]}", details=errors
        )
    return version
