"""Runs a program that must not outlive us: `python -I -S leash.py PROGRAM [ARGUMENT ...]`.

Standard input is the leash: when it ends, because whoever holds the other end lets go or dies
(even by SIGKILL), the program and all its descendants are killed.  They are also killed when the
program ends by itself, so that nothing it started stays behind.  Ends as the program ended.

A program of its own, on the standard library alone, for it starts anew with every probe.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h


def main() -> None:
    """Run the program given on the command line, on a leash."""
    # Descendants that a dying parent leaves behind become our children, where we find them.
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        program = subprocess.Popen(
            sys.argv[1:],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # Should somebody kill even us: no thread runs yet, so the hook is safe.
            preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509
        )
    except OSError as error:
        # By the convention of `git bisect run` that stops a search: it is no verdict.
        print(f"cannot run {sys.argv[1]}: {error.strerror}", file=sys.stderr)
        sys.exit(255)

    def hold() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        kill(program.pid)

    threading.Thread(target=hold, daemon=True).start()
    code = program.wait()
    kill(program.pid)
    sys.stdout.flush()
    os._exit(code if code >= 0 else 128 - code)


def prctl(option: int, value: int) -> None:
    """Set a property of this process that only Linux has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def kill(group: int) -> None:
    """End the program's process group, and on Linux whatever else descends from us."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    while sys.platform == "linux" and (orphans := children() - {group}):
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in orphans:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def children() -> set[int]:
    """Our own children's process ids (Linux)."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            found.update(int(pid) for pid in (task / "children").read_text().split())
    return found


if __name__ == "__main__":
    main()
