"""Runs small programs in a release: ``python -m benchmarks.situations.runner SOCKET [reach]``.

FastStream is imported once; every program then runs in a child of its own that is forked from
here, in 10 ms. So each finds the state of a process that has just imported the release, whatever
the others did (releases share objects between all brokers of a process), and one that hangs, or
kills itself, harms no other.

SOCKET is a Unix socket; lines of JSON go over it. Here come
``{"id", "text", "environ", "seconds"}``: a program, the variables that it finds, and how long it
may take. Back go, first, ``{"ready": true, "functions": []}`` or ``{"unimportable": "why"}``; then,
once a program has ended, ``{"id", "event": [source, name, fields]}`` of all that happened (see
`_observe`), and at last ``{"id", "end": exit code, "output": its end}``; the exit code is 128 + n
after signal n.  With `reach`, `functions` are FastStream's, and what a program called of them is
among its events (see `_reach`).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import selectors
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import compat
from benchmarks.situations import _observe, _reach

OUTPUT = 64 * 1024  # bytes kept of what a program prints
LARGEST_FILE = 16 * 1024 * 1024
GRACE = 1.0  # seconds for a program's own watchdog, before it is killed
STUCK = 124  # how the watchdog ends it
TURN = 0.005  # seconds between two looks at what programs tell: each look wakes three processes
USED = (  # what programs import, if there; imported here, none of them pays for it
    "faststream.rabbit", "faststream.rabbit.annotations", "faststream.rabbit.fastapi",
    "faststream.exceptions", "aio_pika", "pydantic", "dataclasses", "datetime", "decimal", "enum",
    "anyio._backends._asyncio", "faststream.asyncapi.generate", "faststream.specification.asyncapi",
    "faststream.specification.asyncapi.v2_6_0.generate",
    "faststream.specification.asyncapi.v3_0_0.generate", "faststream.specification",
    "faststream.asgi", "faststream.middlewares",
)  # fmt: skip


class Child:
    """A program that runs, and the two pipes that it reports and prints to."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.id, self.output = task["id"], b""
        self.unread = b""
        self.told = []  # type: list[dict[str, Any]]
        reports, report = os.pipe()
        prints, output = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                for name in (reports, prints):
                    os.close(name)
                _become(task, report, output)
            finally:
                os._exit(70)
        for name in (report, output):
            os.close(name)
        self.pipes = {reports: self.reported, prints: self.printed}
        self.deadline = time.monotonic() + task["seconds"] + GRACE

    def reported(self, data: bytes) -> None:
        """Take what it reports."""
        *lines, self.unread = (self.unread + data).split(b"\n")
        self.told += [{"id": self.id, "event": json.loads(line)} for line in lines]

    def printed(self, data: bytes) -> None:
        """Take what it prints."""
        self.output = (self.output + data)[-OUTPUT:]

    def kill(self) -> None:
        """End it, and what is in its process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def end(self) -> list[dict[str, Any]]:
        """See it off; returns all that there is to tell of it."""
        self.kill()  # what it started goes with it
        shutil.rmtree(str(self.id), ignore_errors=True)
        _, status = os.waitpid(self.pid, 0)
        code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        last = {"id": self.id, "end": code, "output": self.output.decode(errors="replace")}
        return [*self.told, last]


def _become(task: dict[str, Any], report: int, output: int) -> None:
    """Turn this process into the program. Does not return."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    os.environ.update(task["environ"])
    time.tzset()
    folder = Path(str(task["id"]))  # what programs write, others do not find
    folder.mkdir()
    os.chdir(folder)
    code = _observe.run(task["text"], task["seconds"], report)
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def serve(connection: socket.socket) -> None:
    """Run what is asked for until the other side hangs up."""
    waiting = selectors.DefaultSelector()
    waiting.register(connection, selectors.EVENT_READ)
    children: dict[int, Child] = {}  # by pipe
    unread = b""
    while True:
        time.sleep(TURN)
        for key, _ in waiting.select(timeout=0.1):
            if key.fileobj is connection:
                data = connection.recv(1 << 16)
                if not data:
                    return
                *lines, unread = (unread + data).split(b"\n")
                for line in lines:
                    child = Child(json.loads(line))
                    for pipe in child.pipes:
                        os.set_blocking(pipe, False)
                        waiting.register(pipe, selectors.EVENT_READ)
                        children[pipe] = child
                continue
            pipe = key.fd
            child = children[pipe]
            data = os.read(pipe, 1 << 16)
            if data:
                child.pipes[pipe](data)
                continue
            _forget(waiting, children, pipe)
            if not child.pipes:
                _tell(connection, *child.end())
        for child in {c for c in children.values() if time.monotonic() > c.deadline}:
            child.kill()  # its pipes end
            if time.monotonic() > child.deadline + GRACE:  # but somebody else holds them
                for pipe in list(child.pipes):
                    _forget(waiting, children, pipe)
                _tell(connection, *child.end())


def _forget(waiting: selectors.BaseSelector, children: dict[int, Child], pipe: int) -> None:
    waiting.unregister(pipe)
    os.close(pipe)
    del children.pop(pipe).pipes[pipe]


def _tell(connection: socket.socket, *rows: dict[str, Any]) -> None:
    connection.sendall(b"".join(json.dumps(row).encode() + b"\n" for row in rows))


def main() -> None:
    """Import the release and serve."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(sys.argv[1])
    if sys.argv[2:] == ["reach"]:
        _reach.install("faststream")
    try:
        compat.rabbit()
    except (compat.NotImportableError, ModuleNotFoundError) as error:
        return _tell(connection, {"unimportable": str(error)})
    for name in USED:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    _tell(connection, {"ready": True, "functions": _reach.FUNCTIONS})
    gc.collect()
    gc.freeze()  # or a child's collector would touch, and so copy, all that it shares with us
    return serve(connection)


if __name__ == "__main__":
    main()
