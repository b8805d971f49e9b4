"""Runs the real commands as a user does, and watches the processes that they start."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from bisector.environments import building

TOOL = [sys.executable, "-m", "bisector"]
RANGE = ["--from", "0.4.5", "--to", "0.5.1"]
"""A real range with the flip somewhere in its middle, small enough for a test."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        """All that it printed."""
        return self.stdout + self.stderr


def nox() -> list[str]:
    """The Nox that runs these tests."""
    return building.nox()


def copied(checkout: Path, target: Path, *without: str) -> Path:
    """Copy a checkout to write into, with the environments that other tests have built."""
    ignore = shutil.ignore_patterns(".nox", ".asv", *without)
    shutil.copytree(checkout, target, ignore=ignore)
    (checkout / ".nox").mkdir(exist_ok=True)
    (target / ".nox").symlink_to(checkout / ".nox")
    return target


def run(command: list[str], cwd: Path, **environ: str) -> Ended:
    """Run a command to its end."""
    with started(command, cwd, **environ) as process:
        return end(process)


def end(process: subprocess.Popen[str]) -> Ended:
    """Wait for a command's end; nothing that it started may be left then."""
    family = psutil.Process(process.pid).children(recursive=True)
    stdout, stderr = process.communicate(timeout=300)
    assert all_gone(family)
    return Ended(process.returncode, stdout, stderr)


@contextlib.contextmanager
def started(command: list[str], cwd: Path, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command; whatever is left of it at the end of the test is killed."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        process.kill()
        process.communicate()


def descendant(process: subprocess.Popen[str], *words: str) -> psutil.Process:
    """Wait for a process started by a command, by words on its command line."""
    top = psutil.Process(process.pid)
    end_time = time.monotonic() + 120
    while time.monotonic() < end_time:
        assert process.poll() is None, "".join(process.communicate())
        for child in top.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                line = " ".join(child.cmdline())
                if all(word in line for word in words) and "leash.py" not in line:
                    return child
        time.sleep(0.01)
    raise AssertionError(f"no process with {words}")


def connected(process: psutil.Process, connections: int = 1) -> bool:
    """Whether a process has so many connections now."""
    with contextlib.suppress(psutil.NoSuchProcess):
        found = process.net_connections("tcp")
        return sum(c.status == psutil.CONN_ESTABLISHED for c in found) >= connections
    return False


def all_gone(processes: list[psutil.Process], within: float = 15) -> bool:
    """Wait until none of the processes is left."""
    _, alive = psutil.wait_procs(processes, timeout=within)
    return not alive
