"""Files that a cell brings along: packed where it is asked, unpacked once where it is answered."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import re
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bisector.environments.recipes import ENVIRONMENTS
from bisector.errors import UserError
from bisector.isolation.files import Files

SENT = ENVIRONMENTS / "sent"
MOST = 32 << 20
"""Bytes that a cell may bring along, packed."""
_FILE = re.compile(r"file://[^\s;#\"\\]+")  # as it stands in JSON
_MARK = "sent:"


@functools.lru_cache(maxsize=16)  # each is sent with many cells
def pack(files: Files) -> bytes:
    """Pack the files of a program's folder.

    Raises:
        UserError: they are too many, or too large.
    """
    if files.names is None:
        raise UserError(
            f"the folder {files.folder.name} holds too much to be sent to other machines: move the"
            " program, and what it needs, into a folder of its own"
        )
    with tempfile.TemporaryDirectory(prefix="bisector-") as scratch:
        files.copy(Path(scratch) / "it")
        return _packed(Path(scratch) / "it", files.folder.name)


def pack_all(text: str) -> tuple[str, dict[str, bytes]]:
    """Pack the wheels and folders that requirements name.

    Returns:
        the text with a mark in place of each, and what is packed by its mark.
    """
    found: dict[str, bytes] = {}

    def marked(match: re.Match[str]) -> str:
        path = Path(unquote(urlsplit(match[0]).path))
        mark, packed = _pack_path(path, path.stat().st_mtime_ns)
        found[mark] = packed
        return f"{_MARK}{mark}/{path.name}"

    return _FILE.sub(marked, text), found


def unpack_all(text: str, sent: dict[str, bytes]) -> str:
    """Unpack what requirements name, and name it by where it is now."""

    def placed(match: re.Match[str]) -> str:
        return (unpack(match[1], sent[match[1]]) / match[2]).as_uri()

    return re.sub(_MARK + r"([0-9a-f]+)/([^\s;#\"]+)", placed, text)


def unpack(mark: str, packed: bytes) -> Path:
    """Unpack, unless it is there; returns the folder that it lies in."""
    folder = SENT / mark
    if not folder.is_dir():
        SENT.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=SENT, prefix="part-"))
        try:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                # Nothing outside of the folder; before 3.10.12 and 3.11.4 nobody looks.
                kind: Any = {"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}
                archive.extractall(part, **kind)  # noqa: S202  # see above
            part.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another worker was faster
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


@functools.lru_cache(maxsize=16)
def _pack_path(path: Path, _changed: int) -> tuple[str, bytes]:
    packed = _packed(path, path.name)
    whole = hashlib.sha256()
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        if file.is_file():
            whole.update(f"{os.path.relpath(file, path)}\0".encode())
            whole.update(file.read_bytes() + b"\0")
    return whole.hexdigest()[:16], packed


def _packed(path: Path, name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=3) as archive:
        archive.add(path, name)
    if buffer.tell() > MOST:
        raise UserError(
            f"{name} is too large to be sent to other machines: {buffer.tell() >> 20} MiB packed,"
            f" {MOST >> 20} are taken"
        )
    return buffer.getvalue()
