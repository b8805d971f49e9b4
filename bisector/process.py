"""Starts programs that end with us, and keeps the end of what they print."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from bisector import ROOT

LEASH = Path(__file__).with_name("leash.py")
KEPT = 16 * 1024
"""How many bytes of a program's output are kept: its end says what happened."""


class Process:
    """A running program; `output` grows while it runs."""

    def __init__(self, process: asyncio.subprocess.Process, kept: int) -> None:
        self._process, self._kept = process, kept
        self._output = bytearray()
        self._reader = asyncio.ensure_future(self._read())
        self._ended = asyncio.ensure_future(process.wait())
        self._started = time.monotonic()

    @property
    def output(self) -> str:
        """The end of what it wrote so far, standard output and standard error as they came."""
        return self._output.decode(errors="replace")

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._started

    async def wait(self, timeout: float | None = None) -> int | None:
        """Return its exit code (128 + n when signal n ended it), None when time ran out first."""
        done, _ = await asyncio.wait({self._ended}, timeout=timeout)
        if not done:
            return None
        # The end of its output, too; on macOS a daemon that it left may hold that open for ever.
        await asyncio.wait({self._reader}, timeout=1)
        return self._ended.result()

    async def stop(self) -> None:
        """Kill it with all its descendants, if it still runs."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._ended
        await asyncio.wait({self._reader}, timeout=1)
        self._reader.cancel()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while chunk := await self._process.stdout.read(KEPT):
            self._output += chunk
            del self._output[: -self._kept]


@contextlib.asynccontextmanager
async def start(
    command: Sequence[str | Path],
    environ: Mapping[str, str | None] | None = None,
    cwd: Path = ROOT,
    kept: int = KEPT,
) -> AsyncIterator[Process]:
    """Run a program; leaving the context kills what is left of it.

    Args:
        environ: variables to set, or with None to remove, against our own.
        kept: bytes of its output to keep.
    """
    variables = dict(os.environ)
    for name, value in (environ or {}).items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value
    process = Process(
        await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", LEASH, *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=cwd,
            env=variables,
            start_new_session=True,  # Ctrl-C is for us; we tell the program
        ),
        kept,
    )  # fmt: skip
    try:
        yield process
    finally:
        # Shielded: a second Ctrl-C must not leave the first one's work half done.
        await asyncio.shield(process.stop())
