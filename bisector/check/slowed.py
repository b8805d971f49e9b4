"""A release made slower on purpose: what a regression check has to find."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from bisector.environments.releases import PACKAGE, Release, index_url
from bisector.errors import OutsideError

PATCHED = "faststream/rabbit/__init__.py"
_PATCH = """

def _slowed(publish):
    from time import perf_counter

    async def wrapper(*args, **kwargs):
        end = perf_counter() + {seconds!r}
        while perf_counter() < end:
            pass
        return await publish(*args, **kwargs)

    return wrapper


RabbitBroker.publish = _slowed(RabbitBroker.publish)
"""


def wheel_of(release: Release, folder: Path) -> Path:
    """Fetch a release's wheel from the package index.

    Raises:
        OutsideError: the index is out of reach, or has no wheel of it.
    """
    import requests  # noqa: PLC0415
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple  # noqa: PLC0415

    try:
        with PyPISimple(index_url(os.environ) or PYPI_SIMPLE_ENDPOINT) as index:
            for file in index.get_project_page(PACKAGE, timeout=30).packages:
                if file.version == release.version and file.package_type == "wheel":
                    index.download_package(file, folder / file.filename, timeout=30)
                    return folder / file.filename
    except (requests.RequestException, ValueError) as error:
        raise OutsideError(
            "the package index cannot be reached: check the network, or UV_DEFAULT_INDEX",
            str(error),
        ) from None
    raise OutsideError(f"the package index has no wheel of {PACKAGE} {release.version}")


def slow_down(wheel: Path, seconds: float, folder: Path) -> Path:
    """Make a wheel whose `RabbitBroker.publish` is busy for `seconds` longer; returns its path."""
    with ZipFile(wheel) as archive:
        archive.extractall(folder / "tree")
    with (folder / "tree" / PATCHED).open("a", encoding="utf-8") as file:
        file.write(_PATCH.format(seconds=seconds))
    tree = str(folder / "tree")
    command = [sys.executable, "-m", "wheel", "pack", tree, "--dest-dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OutsideError(f"the wheel could not be packed: {done.stderr.strip()}", done.stdout)
    return next(folder.glob("*.whl"))
