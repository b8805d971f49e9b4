"""RabbitMQ from Debian's or Ubuntu's own packages, unpacked into the user's cache folder."""

from __future__ import annotations

import asyncio
import platform
import shutil
import sys
from pathlib import Path

import platformdirs

from . import node
from .server import BrokerError, Progress

_UNPACK = Path(__file__).with_name("unpack.py")


async def unpacked(progress: Progress) -> node.Layout:
    """What an earlier call unpacked, or else fetch and unpack it now (33 MB, about 6 s).

    Several processes may do so at once. Raises `BrokerError` where that can't be done.
    """
    if not usable():
        raise BrokerError("this is no Debian or Ubuntu")
    folder = _folder()
    if not folder.exists():
        await _unpack(folder, progress)
    found = node.layout(folder)
    if not found:
        raise BrokerError(f"the packages in {folder} are not whole; remove that folder")
    return found


def usable() -> bool:
    """Whether this machine installs its software from Debian packages."""
    return bool(shutil.which("apt-get") and shutil.which("dpkg-deb"))


def _folder() -> Path:
    """One for each distribution, release and machine, for a home folder may be shared."""
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        system = {}
    name = "-".join([system.get("ID", "debian"), system.get("VERSION_ID", "0"), platform.machine()])
    return platformdirs.user_cache_path("faststream-bisector") / "rabbitmq" / name


async def _unpack(folder: Path, progress: Progress) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", _UNPACK, folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us; we tell it
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async for line in process.stdout:
            progress(line.decode().strip())
        errors = (await process.stderr.read()).decode(errors="replace")
        code = await process.wait()
    finally:
        process.stdin.close()  # the sign to stop, if it still runs
        await asyncio.shield(process.wait())
    if code:
        lines = errors.strip().splitlines() or ["failed"]
        raise BrokerError(f"Debian packages: {lines[-1]}", details=errors)
