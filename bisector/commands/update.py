"""`nox -s update`: what is new on the package index."""

from __future__ import annotations

import argparse
from dataclasses import replace

from packaging.version import Version

from bisector.commands import options
from bisector.environments import releases
from bisector.errors import OutsideError
from bisector.telling.terminal import console_for


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s update`."""
    return options.parser_for(
        "update", "Read the releases from the package index and print what is new."
    )


async def run(_args: argparse.Namespace) -> int:
    """Refresh the snapshot."""
    console = console_for()
    known = {release.version: release for release in _known()}
    now = releases.fetch()
    for release in now:
        before = known.pop(release.version, None)
        if before is None:
            console.print(f"new: {release.version}, uploaded {release.uploaded:%Y-%m-%d %H:%M} UTC")
        elif release.yanked and not before.yanked:
            console.print(f"yanked: {release.version} ({release.yanked})", markup=False)
        elif release != before:
            console.print(f"changed: {release.version}")
    for version, gone in known.items():
        # Kept, and left out like a yanked one: what was measured of it stays valid.
        now.append(replace(gone, yanked=gone.yanked or "gone from the index"))
        if not gone.yanked:
            console.print(f"gone from the index: {version}")
    now.sort(key=lambda release: Version(release.version))
    releases.save(now)
    console.print(f"{len(now)} releases, the newest is {now[-1].version}")
    return 0


def _known() -> list[releases.Release]:
    try:
        return releases.load()
    except OutsideError:  # to be written anew is all it is good for
        return []
