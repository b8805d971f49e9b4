"""Byte code that another environment has of the very same files, put beside them in a new one.

Compiling what a release imports takes twice as long as importing it, and most of it is the same in
many environments.  Python itself takes byte code only for a source of the same size and time of
change, and notes anew where that is; here nothing is shared but between distributions that agree in
the digests of all their files.  The noxfile imports this.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

_SUFFIX = ".py,sha256="


def share(environment: Path, store: Path) -> None:
    """Link what there is into an environment, and remember that this one will have it.

    Args:
        store: a folder that remembers, by its content, which environment has a distribution.
    """
    store.mkdir(parents=True, exist_ok=True)
    for site in environment.glob("lib*/python*/site-packages"):
        for record in site.glob("*.dist-info/RECORD"):
            with contextlib.suppress(OSError, UnicodeDecodeError):  # then Python compiles it
                _share_one(site, record, store)


def _share_one(site: Path, record: Path, store: Path) -> None:
    lines = record.read_text(encoding="utf-8").splitlines()
    sources = sorted(line.rsplit(",", 1)[0] for line in lines if _SUFFIX in line)
    sources = [source for source in sources if not source.startswith(("..", '"'))]
    content = hashlib.sha256("\n".join(sources).encode()).hexdigest()
    known = store / f"{site.parent.name}-{content[:32]}"
    try:
        linked = _link(Path(known.readlink()), site, sources)
    except FileNotFoundError:
        linked = 0
    if not linked:  # nobody has, or what has it was never run
        part = known.with_name(f"{known.name}.{os.getpid()}")
        part.symlink_to(site)
        part.replace(known)


def _link(there: Path, here: Path, sources: Iterable[str]) -> int:
    """Link the byte code of some files; returns how many."""
    names: dict[PurePosixPath, set[str]] = {}
    for source in sources:
        path = PurePosixPath(source.split(_SUFFIX)[0])
        names.setdefault(path.parent, set()).add(path.name)
    linked = 0
    for folder, stems in names.items():
        theirs, ours = there / folder / "__pycache__", here / folder / "__pycache__"
        for file in theirs.glob("*.pyc"):
            if file.name.split(".")[0] in stems:
                ours.mkdir(exist_ok=True)
                with contextlib.suppress(FileExistsError):
                    os.link(file, ours / file.name)
                linked += 1
    return linked
