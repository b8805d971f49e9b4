"""Runs a program that must not outlive us: `python -I -S leash.py FD PROGRAM [ARGUMENT ...]`.

Standard input is the leash: when it ends, because whoever holds the other end lets go or dies
(even by SIGKILL), the program and all its descendants are killed.  They are also killed when the
program ends by itself, so that nothing it started stays behind.  Ends as the program ended.

FD is `-`, or a Unix socket: then the program runs in a network namespace of its own, and that
socket gets the sockets that listen in there, at the ports that it names (see `namespace`).

SIGINT and SIGABRT are passed on to the program.

A program of its own, which starts anew with every probe: it imports what starts fast, so neither
`subprocess`, `threading` nor `pathlib`.
"""

from __future__ import annotations

import _thread
import ctypes
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any, NoReturn

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1  # linux/sockios.h, linux/if.h
NO_NAMESPACE = 254
"""How this ends where the kernel gives no namespace."""
PASSED_ON = (signal.SIGINT, signal.SIGABRT)


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
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # until there is somebody to tell
    ours, (started, held) = os.getpid(), os.pipe()
    program = os.fork()  # no thread runs yet
    if not program:
        become(command, ours)
    os.close(held)
    os.read(started, 1)  # it has become the program, and has a group of its own: that can be killed

    def pass_on(signum: int, _frame: FrameType | None) -> None:
        quietly(os.killpg, program, signum)

    for signum in PASSED_ON:
        signal.signal(signum, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)

    def hold() -> None:
        while quietly(os.read, 0, 4096):
            pass
        kill(program)

    _thread.start_new_thread(hold, ())
    _, status = os.waitpid(program, 0)
    code = os.waitstatus_to_exitcode(status)
    kill(program)
    os._exit(code if code >= 0 else 128 - code)


def become(command: list[str], parent: int) -> NoReturn:
    """Become the program, in a session of its own.  Does not return."""
    try:
        os.setsid()
        for signum in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
            signal.signal(signum, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # should somebody kill even us
        if os.getppid() != parent:  # ... or have done so before that took effect, as asyncio does
            os._exit(255)  # where starting us is cancelled: it kills us, and waits for ever for it
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execvp(command[0], command)
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr, flush=True)
    finally:
        os._exit(255)  # by the convention of `git bisect run` that stops a search: no verdict


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
        maps = {"setgroups": "deny", "uid_map": f"{user} {user} 1", "gid_map": f"{group} {group} 1"}
        for name, text in maps.items():
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123  # no pathlib
                file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_:
        asked = fcntl.ioctl(any_, SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
        (flags,) = struct.unpack_from("H", asked, 16)
        fcntl.ioctl(any_, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))
    outside, listening = socket.socket(fileno=descriptor), []
    for (port,) in struct.iter_unpack(">H", outside.recv(1024)):
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            if made := quietly(listen, family, host, port):
                listening.append(made)
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
    quietly(os.killpg, group, signal.SIGKILL)
    while sys.platform == "linux" and (orphans := children() - {group}):
        for pid in orphans:
            quietly(os.kill, pid, signal.SIGKILL)
        for pid in orphans:
            quietly(os.waitpid, pid, 0)


def children() -> set[int]:
    """Our own children's process ids (Linux)."""
    found: set[int] = set()
    for task in os.listdir("/proc/self/task"):  # noqa: PTH208  # no pathlib
        found.update(quietly(pids, f"/proc/self/task/{task}/children") or ())
    return found


def pids(path: str) -> list[int]:
    """Read the numbers in a file."""
    with open(path, encoding="ascii") as file:  # noqa: PTH123  # no pathlib
        return [int(pid) for pid in file.read().split()]


def quietly(call: Callable[..., Any], *arguments: object) -> Any:
    """Call what may come too late, or be denied; returns None then."""
    try:
        return call(*arguments)
    except OSError:
        return None


if __name__ == "__main__":
    main()
