"""Environments are built by the Nox that started the tool: a fork of it for each.

To start another Nox for each of them takes a third of a second of a processor, a fork a hundredth.
The noxfile imports this, so it needs nothing beyond the standard library.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping

DESCRIPTOR = "BISECTOR_BUILDER"
"""The variable by which the tool finds its socket."""
_MOST = 1 << 20
"""Bytes of a request; the recipe of an environment with hundreds of pins has some thousands."""
_END = b"\0"
"""Stands before the exit code, which comes last."""
_requests: socket.socket | None = None


# --- where Nox runs -------------------------------------------------------------------------------


def pair() -> tuple[socket.socket, socket.socket]:
    """Return the socket to serve, and the one for the tool to inherit.

    There, messages keep their bounds; only Linux has such sockets, and forks that are safe.
    """
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def serve(requests: socket.socket, build: Callable[[str], Callable[[], None]]) -> None:
    """Build what is asked for, side by side, until the tool has ended.

    Args:
        build: gets a recipe, and returns what a fork has to do.
    """
    children: list[int] = []
    while True:
        try:
            text, descriptors, _, _ = socket.recv_fds(requests, _MOST, 1)
        except OSError:
            break
        if not text:
            break
        with socket.socket(fileno=descriptors[0]) as channel:
            request = json.loads(text)
            work = build(request["recipe"])
            sys.stdout.flush()
            sys.stderr.flush()
            if not (child := os.fork()):
                requests.close()  # nobody reads them here
                _fork(channel, request["variables"], work)
        children = [pid for pid in children if not os.waitpid(pid, os.WNOHANG)[0]]
        children.append(child)
    for pid in children:  # the tool let go of them, so they are ending
        os.waitpid(pid, 0)


def _fork(channel: socket.socket, variables: Mapping[str, str], work: Callable[[], None]) -> None:
    """Do it in a process of its own, and end that; it ends at once when nobody waits any more."""
    code = 1
    try:
        os.setsid()  # so that all that it starts ends with it
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for descriptor in (1, 2):
            os.dup2(channel.fileno(), descriptor)
        os.environ.update(variables)
        threading.Thread(target=_end_with, args=(channel,), daemon=True).start()
        work()
        code = 0
    except Exception as error:
        if type(error).__name__ != "CommandFailed":  # what Nox runs has said why by itself
            traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
            channel.sendall(_END + str(code).encode())
        os._exit(code)


def _end_with(channel: socket.socket) -> None:
    """End this process and all that it started once the other side lets go of the channel."""
    with contextlib.suppress(OSError):
        channel.recv(1)  # nothing is ever sent this way
    os.killpg(0, signal.SIGKILL)


# --- where the tool runs --------------------------------------------------------------------------


def connect() -> None:
    """Take over what Nox left for us, so that no child of ours inherits it."""
    global _requests  # noqa: PLW0603  # as there is one Nox that started us
    if found := os.environ.pop(DESCRIPTOR, None):
        with contextlib.suppress(OSError, ValueError):
            _requests = socket.socket(fileno=int(found))
            _requests.set_inheritable(False)


async def build(recipe: str) -> tuple[int, str] | None:
    """Have an environment built; returns the exit code and what was said.

    None: there is no Nox to do it, or it ended meanwhile.
    """
    import asyncio  # noqa: PLC0415  # Nox, where the rest of this runs, starts faster without

    if _requests is None:
        return None
    settings = {k: v for k, v in os.environ.items() if k.startswith("UV_")}
    request = {"recipe": recipe, "variables": {**settings, "NO_COLOR": "1"}}
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            try:
                socket.send_fds(_requests, [json.dumps(request).encode()], [theirs.fileno()])
            except OSError:
                return None
        ours.setblocking(False)
        said = bytearray()
        with contextlib.suppress(ConnectionError):
            while chunk := await asyncio.get_running_loop().sock_recv(ours, 65536):
                said += chunk
    output, end, code = said.rpartition(_END)
    if not end:
        return None
    return int(code), re.sub(r"\x1b\[[\d;]*m", "", output.decode(errors="replace"))
