"""Runs a program that must not outlive us: `python -I -S leash.py FD PROGRAM [ARGUMENT ...]`.

Standard input is the leash: when it ends, because whoever holds the other end lets go or dies
(even by SIGKILL), the program and all its descendants are killed.  They are also killed when the
program ends by itself, so that nothing it started stays behind.  Ends as the program ended.

FD is `-`, or a Unix socket: then the program runs in a network namespace of its own, and that
socket gets the sockets that listen in there, at the ports that it names (see `namespace`).

SIGINT and SIGABRT are passed on to the program.

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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1  # linux/sockios.h, linux/if.h
NO_NAMESPACE = 254
"""How this ends where the kernel gives no namespace."""


def main() -> None:
    """Run the program given on the command line, on a leash."""
    descriptor, *command = sys.argv[1:]
    if descriptor != "-":
        try:
            namespace(int(descriptor))
        except OSError as error:
            print(f"no network namespace: {error.strerror}", file=sys.stderr)
            sys.exit(NO_NAMESPACE)
    # Descendants that a dying parent leaves behind become our children, where we find them.
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    passed_on = (signal.SIGINT, signal.SIGABRT)
    signal.pthread_sigmask(signal.SIG_BLOCK, passed_on)  # until there is somebody to tell
    ours = os.getpid()
    try:
        program = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: prepare(passed_on, ours),  # noqa: PLW1509  # safe: no thread runs yet
        )
    except OSError as error:
        # By the convention of `git bisect run` that stops a search: it is no verdict.
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(255)

    def pass_on(signum: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(program.pid, signum)

    for signum in passed_on:
        signal.signal(signum, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, passed_on)

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


def prepare(blocked: Iterable[int], parent: int) -> None:
    """Do in the program's process what has to be done before it becomes the program."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # should somebody kill even us
    if os.getppid() != parent:  # ... or have done so before that took effect, as asyncio does where
        os._exit(255)  # starting us is cancelled: it kills us, and waits for ever for this one


def namespace(descriptor: int) -> None:
    """Move into a network namespace in which only loopback is, and hand out listening sockets.

    Args:
        descriptor: of a Unix socket.  It names the ports (two bytes each, big-endian), and gets for
            each a socket that listens at 127.0.0.1, and where there is IPv6 one at ::1.  Whoever
            accepts on them need not be in here.

    Raises:
        OSError: the kernel, or its configuration, does not let us.
    """
    import array  # noqa: PLC0415  # most programs run without all these
    import fcntl  # noqa: PLC0415
    import socket  # noqa: PLC0415
    import struct  # noqa: PLC0415

    def listen(family: int, host: str, port: int) -> socket.socket:
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(128)
        return made

    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWNET):  # root's way; others become root of a namespace of users first
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_:
        asked = fcntl.ioctl(any_, SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
        (flags,) = struct.unpack_from("H", asked, 16)
        fcntl.ioctl(any_, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))
    outside, listening = socket.socket(fileno=descriptor), []
    for (port,) in struct.iter_unpack(">H", outside.recv(1024)):
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with contextlib.suppress(OSError):
                listening.append(listen(family, host, port))
    numbers = array.array("i", [each.fileno() for each in listening])
    outside.sendmsg([b"!"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)])
    for each in (outside, *listening):
        each.close()


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
