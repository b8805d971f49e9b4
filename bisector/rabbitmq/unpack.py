"""Fetches Debian's or Ubuntu's own RabbitMQ packages and unpacks them: `unpack.py FOLDER`.

Needs no root and leaves the system as it is: apt-get is given folders of its own, and the
machine's own sources. A program of its own, on the standard library alone, so that it can end
itself, with its children and its temporary folder, when its standard input ends: when whoever
wanted this has gone. Prints the stages; the last line on standard error says why it failed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO

# What `rabbit` with no plugin runs on,
_WANTED = re.compile(
    r"rabbitmq-server$|erlang-(base|asn1|crypto|eldap|inets|mnesia|os-mon|parsetools|public-key|"
    r"runtime-tools|ssl|syntax-tools|tools|xmerl)$"
)
# and shared libraries it may lack (most are there wherever apt is).
_LIBRARIES = re.compile(r"(lib(stdc\+\+6|ssl[\dt.]+|systemd0|tinfo6|ncurses6|sctp1)|zlib1g)$")
_SYSTEM_LISTS = "/var/lib/apt/lists"


ROOM = 200 << 20
"""Bytes that fetching and unpacking need at their peak; 56 MB of them stay."""
_ELSEWHERE = "make room there, or set XDG_CACHE_HOME to another folder"


class UnpackError(Exception):
    """One line: why there are no packages."""


class _Commands:
    """Runs commands one after another, until standard input ends; then kills what runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: subprocess.Popen[str] | None = None
        self.over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        with self._lock:
            self.over.set()
            if self._running and self._running.poll() is None:
                os.killpg(self._running.pid, signal.SIGKILL)

    def __call__(self, *command: str, check: bool = True, **options: object) -> str:
        with self._lock:
            if self.over.is_set():
                raise UnpackError("interrupted")
            self._running = subprocess.Popen(
                command,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,  # type: ignore[call-overload]
            )
        output, _ = self._running.communicate()
        if check and self._running.returncode:
            raise UnpackError(f"{command[0]}: {_last(output)}")
        return output


def _last(output: str) -> str:
    """The line of apt-get's or dpkg-deb's complaint that says most: the last error."""
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "W:")) and "Some index" not in line]
    return (errors or lines or ["failed"])[-1]


def unpack(folder: Path, run: _Commands) -> None:
    """Make `folder` the root of a tree with RabbitMQ and Erlang; whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder.parent).free < ROOM:
        raise UnpackError(f"less than {ROOM >> 20} MB free in {folder.parent}; {_ELSEWHERE}")
    with (folder.parent / "lock").open("w") as lock:
        while not _locked(lock):
            if run.over.wait(0.05):
                raise UnpackError("interrupted")
        if folder.exists():  # somebody else was faster
            return
        for stale in folder.parent.glob("partial-*"):  # its owner was killed: we have the lock
            shutil.rmtree(stale, ignore_errors=True)
        print("fetching RabbitMQ's Debian packages", flush=True)
        with tempfile.TemporaryDirectory(prefix="partial-", dir=folder.parent) as temporary:
            packages = _fetch(Path(temporary), run)
            print("unpacking RabbitMQ's Debian packages", flush=True)
            for package in packages:
                run("dpkg-deb", "-x", str(package), f"{temporary}/root")
            Path(temporary, "root").rename(folder)


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _fetch(temporary: Path, run: _Commands) -> list[Path]:
    """The package files."""
    for name in ("lists/partial", "cache/archives/partial", "debs", "root"):
        (temporary / name).mkdir(parents=True)
    (temporary / "status").touch()
    variables = os.environ | {"LC_ALL": "C", "HOME": str(temporary)}
    dpkg = run("dpkg-query", "-W", "-f", "${binary:Package} ${db:Status-Abbrev}\n")
    installed = set(re.findall(r"^(\S+?)(?::\w+)? ii", dpkg, re.MULTILINE))

    def apt_get(*arguments: str, lists: str, check: bool = True) -> str:
        settings = (
            f"Dir::State={temporary}",
            f"Dir::State::Lists={lists}",
            f"Dir::State::status={temporary}/status",  # nothing is installed: name all packages
            f"Dir::Cache={temporary}/cache",
            "APT::Sandbox::User=",
            "Debug::NoLocking=1",
            "Acquire::Languages=none",
            "Acquire::Retries=1",
            "Acquire::http::Timeout=15",
            "Acquire::https::Timeout=15",
        )
        options = [word for setting in settings for word in ("-o", setting)]
        return run(
            "apt-get", *options, *arguments, check=check, env=variables, cwd=temporary / "debs"
        )

    def download(lists: str) -> None:
        uris = apt_get(
            "install", "--print-uris", "-qq", "-y", "--no-install-recommends", "rabbitmq-server",
            lists=lists,
        )  # fmt: skip
        names = [
            name.replace("%2b", "+")
            for name in re.findall(r"^'\S+?/([^/'_]+)_[^/']*' ", uris, re.MULTILINE)
        ]
        apt_get(
            "download",
            *(n for n in names if _WANTED.match(n) or (_LIBRARIES.match(n) and n not in installed)),
            lists=lists,
        )

    try:
        download(_SYSTEM_LISTS)
    except UnpackError:  # no lists (a container), or old ones
        own = f"{temporary}/lists"
        told = apt_get("update", lists=own, check=False)  # some source may be out of reach
        try:
            download(own)
        except UnpackError as error:
            raise UnpackError(f"apt-get: {_last(told)}" if "W:" in told else str(error)) from error
    return sorted((temporary / "debs").glob("*.deb"))


def main() -> None:
    """Unpack into the folder named on the command line."""
    try:
        unpack(Path(sys.argv[1]), _Commands())
    except UnpackError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"cannot write {error.filename}: {error.strerror}; {_ELSEWHERE}")


if __name__ == "__main__":
    main()
