"""The files that a program is made of: which they are, their digest, and a copy to run in."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bisector import ROOT

MOST_FILES, MOST_BYTES = 2000, 64 * 1024 * 1024
"""What a folder may hold to be copied for each probe; past that programs run where they are."""
LEFT_OUT = frozenset(
    {
        ".git", ".hg", ".svn", ".nox", ".tox", ".venv", "venv", "node_modules", "__pycache__",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".bisector", ".asv", ".idea",
    }
)  # fmt: skip
"""Folders that tools make and no program is made of."""


@dataclass(frozen=True)
class Files:
    """A folder that a program runs in, as it is now."""

    folder: Path
    names: tuple[str, ...] | None
    """Of all files in it that matter, below it, and of folders, with a slash at the end; None: too
    many, or too large, to look at."""

    def digest(self) -> str:
        """Of all names and contents; empty where they are too many."""
        if self.names is None:
            return ""
        whole = hashlib.sha256()
        for name in self.names:
            path = self.folder / name
            try:
                text = b"" if name.endswith("/") else _content(path)
            except OSError:  # a socket, or not ours to read: the program may not care
                text = b"unreadable"
            whole.update(f"{name}\0{len(text)}\0".encode())
            whole.update(text)
        return whole.hexdigest()[:16]

    def copy(self, target: Path) -> None:
        """Copy them to a folder that is not there yet; where the file system can, on write.

        Raises:
            OSError: the disk is full.
        """
        target.mkdir(parents=True)
        for name in self.names or ():
            source, copy = self.folder / name, target / name
            if name.endswith("/"):
                copy.mkdir(parents=True, exist_ok=True)
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            try:
                if source.is_symlink():
                    copy.symlink_to(_inside(source, self.folder))
                elif stat.S_ISREG(source.stat().st_mode):
                    _copy(source, copy)
            except (FileNotFoundError, PermissionError):
                continue  # gone meanwhile, or not ours to read


def below(folder: Path) -> Files:
    """Find the files that matter below a folder.

    All of them, if they are few and small; else what git tracks there or would track; else None.
    What this suite itself is made of matters to no program.
    """
    if folder == ROOT:
        listed = _git(folder, "--others", "--exclude-standard")
        return Files(folder, _if_small(folder, listed))
    names = _all(folder)
    if names is None:
        listed = _git(folder, "--cached", "--others", "--exclude-standard")
        names = _if_small(folder, listed)
    return Files(folder, names)


def _all(folder: Path) -> tuple[str, ...] | None:
    names: list[str] = []
    size, todo = 0, [str(folder)]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in LEFT_OUT:
                            todo.append(entry.path)
                            names.append(os.path.relpath(entry.path, folder) + "/")
                        continue
                    names.append(os.path.relpath(entry.path, folder))
                    size += entry.stat(follow_symlinks=False).st_size
                    if len(names) > MOST_FILES or size > MOST_BYTES:
                        return None
        except OSError:
            continue  # not ours to read
        if len(todo) > MOST_FILES:
            return None
    return tuple(sorted(names))


def _git(folder: Path, *which: str) -> list[str] | None:
    """Names as `git ls-files` has them; None where there is no git or no checkout."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", *which], cwd=folder, capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _if_small(folder: Path, listed: list[str] | None) -> tuple[str, ...] | None:
    if listed is None or len(listed) > MOST_FILES:
        return None
    names = [name for name in listed if os.path.lexists(folder / name)]
    if sum((folder / name).lstat().st_size for name in names) > MOST_BYTES:
        return None
    return tuple(sorted(names))


def _content(path: Path) -> bytes:
    return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()


def _inside(link: Path, folder: Path) -> str:
    """Where a copied link has to lead: relative inside the folder, absolute outside of it."""
    real = Path(os.path.normpath(link.parent / link.readlink()))
    return os.path.relpath(real, link.parent) if real.is_relative_to(folder) else str(real)


def _copy(source: Path, target: Path) -> None:
    """Copy a file with its mode; the kernel shares its blocks where the file system can."""
    if hasattr(os, "copy_file_range"):
        with source.open("rb") as old, target.open("wb") as new:
            try:
                while os.copy_file_range(old.fileno(), new.fileno(), MOST_BYTES):
                    pass
                shutil.copystat(source, target)
            except OSError:  # between file systems, on old kernels
                pass
            else:
                return
    shutil.copy2(source, target)
