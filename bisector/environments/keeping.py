"""What is kept from run to run to save time: how large, how old, and how to be rid of it."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bisector.environments.recipes import ENVIRONMENTS
from bisector.errors import OutsideError

DAY = 86_400.0
_IN_USE = ENVIRONMENTS / "locks" / "in-use"


@dataclass(frozen=True)
class Kept:
    """A file or folder that can be made again."""

    kind: str
    path: Path
    bytes: int
    """What it takes on the disk; files that environments share are counted with each of them."""
    days: float
    """How long ago it was made, or last added to."""


def find(places: Mapping[str, Sequence[Path]], now: float | None = None) -> list[Kept]:
    """Measure what is there, largest first within its kind.

    Args:
        places: files and folders by kind; those that are not there are passed over.
    """
    now = time.time() if now is None else now
    return [
        kept
        for kind, paths in places.items()
        for kept in sorted(
            (
                Kept(kind, path, _size(path), (now - path.lstat().st_mtime) / DAY)
                for path in paths
                if path.exists()
            ),
            key=lambda kept: -kept.bytes,
        )
    ]


def remove(kept: Sequence[Kept]) -> None:
    """Remove it.

    Raises:
        OSError: it is not ours to remove.
    """
    for each in kept:
        if each.path.is_dir():
            shutil.rmtree(each.path)
        else:
            each.path.unlink(missing_ok=True)


@contextlib.contextmanager
def in_use(*, alone: bool = False) -> Iterator[None]:
    """Keep what is there from being removed while a command runs; let go by the kernel.

    Args:
        alone: this one is about to remove it.

    Raises:
        OutsideError: it wants to be alone, and is not.
    """
    _IN_USE.parent.mkdir(parents=True, exist_ok=True)
    with _IN_USE.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
        except BlockingIOError:
            raise OutsideError(
                "another run is using it: nothing was removed; do it again when that has ended"
            ) from None
        yield


def _size(path: Path) -> int:
    if not path.is_dir():
        return path.lstat().st_blocks * 512
    return sum(below.lstat().st_blocks * 512 for below in path.rglob("*"))
