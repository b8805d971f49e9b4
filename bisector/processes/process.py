"""Starts programs that end with us, and keeps the end of what they print."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bisector import ROOT
from bisector.tasks import to_its_end

LEASH = Path(__file__).with_name("leash.py")
KEPT = 16 * 1024
"""How many bytes of a program's output are kept: its end says what happened."""


class Usage(NamedTuple):
    """What processes used of the processors: seconds."""

    computed: float
    held_up: float
    """How long the thread that waited longest for a processor did so, all in all."""


class Process:
    """A running program; `output` grows while it runs, and `spoke` tells when it last did."""

    def __init__(self, process: asyncio.subprocess.Process, kept: int) -> None:
        self._process, self._kept = process, kept
        self._output = bytearray()
        self.written = 0
        """How many bytes it wrote so far."""
        self._reader = asyncio.ensure_future(self._read())
        self._ended = asyncio.ensure_future(process.wait())
        self._started = self.spoke = time.monotonic()
        self._more = asyncio.Event()

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

    async def event(self, timeout: float) -> int | None:
        """Return its exit code if it ends, None after `timeout` seconds or once it writes more."""
        self._more.clear()
        more = asyncio.ensure_future(self._more.wait())
        try:
            await asyncio.wait(
                {self._ended, more}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            more.cancel()
        return await self.wait() if self._ended.done() else None

    def tell(self, signum: signal.Signals) -> None:
        """Send SIGINT or SIGABRT to it and all in its process group."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signum)

    def usage(self) -> Usage:
        """What it and its descendants used of the processors so far; zeros outside Linux."""
        return _usage(self._process.pid)

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
            self.written += len(chunk)
            self.spoke = time.monotonic()
            self._more.set()
            del self._output[: -self._kept]


@contextlib.asynccontextmanager
async def start(
    command: Sequence[str | Path],
    environ: Mapping[str, str | None] | None = None,
    cwd: Path = ROOT,
    kept: int = KEPT,
    namespace: socket.socket | None = None,
) -> AsyncIterator[Process]:
    """Run a program; leaving the context kills what is left of it.

    Args:
        environ: variables to set, or with None to remove, against our own.
        kept: bytes of its output to keep.
        namespace: with it, the program runs in a network namespace of its own (see `leash`).
    """
    variables = dict(os.environ)
    for name, value in (environ or {}).items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value
    passed = [namespace.fileno()] if namespace else []
    process = Process(
        await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", LEASH, str(passed[0]) if passed else "-", *command,
            pass_fds=passed,
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
        # A second Ctrl-C, or an error beside us, must not leave the first one's work half done.
        await to_its_end(process.stop())


def _threads(pid: int | str) -> list[Path]:
    with contextlib.suppress(OSError):  # it may end while it is looked at
        return [*Path(f"/proc/{pid}/task").glob("*")]
    return []


def _usage(pid: int) -> Usage:
    """Of a process's descendants; what has ended already is not seen (proc_pid_schedstat(5))."""
    computed = held_up = 0
    for task in _threads(pid):
        with contextlib.suppress(OSError, ValueError):
            children = (task / "children").read_text().split()
            for child in children:
                for thread in _threads(child):
                    on, waiting, _ = map(int, (thread / "schedstat").read_text().split())
                    computed, held_up = computed + on, max(held_up, waiting)
                below = _usage(int(child))
                computed += round(below.computed * 1e9)
                held_up = max(held_up, round(below.held_up * 1e9))
    return Usage(computed / 1e9, held_up / 1e9)
