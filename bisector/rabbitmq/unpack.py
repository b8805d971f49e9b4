"""Fetches a RabbitMQ of Debian's or Ubuntu's packages and unpacks it, without root.

    unpack.py FOLDER WANTED [SOURCE]

SOURCE is a line as in sources.list, for one suite; without it the machine's own sources are asked.
If the RabbitMQ there matches WANTED (see `matches`), it is unpacked into FOLDER/VERSION, whole or
not at all.  Prints the stages, and what it learned as `found: VERSION`; the last line on standard
error says why it failed.

It brings its own C library and is run by that, so that the packages may be of any suite.  The
system stays as it is: apt-get is given folders of its own, and checks signatures as ever.  This is
a program of its own, on the standard library alone, so that it can end itself, with its children
and its temporary folder, when its standard input ends: when whoever wanted this has gone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import IO

NEWEST = "newest"
FOUND = "found: "
SERVER = "rabbitmq-server"
ROOM = 400 << 20
"""Bytes that fetching and unpacking need at their peak; up to 100 MB of them stay."""
_ELSEWHERE = "make room there, or set XDG_CACHE_HOME to another folder"
_SYSTEM_LISTS = "/var/lib/apt/lists"


class UnpackError(Exception):
    """One line: why there are no packages."""


def matches(version: str, wanted: str) -> bool:
    """Whether a version is the one that is wanted: 4.3.6 is 4.3.6, 4.3, 4 and newest."""
    return wanted == NEWEST or f"{version}.".startswith(f"{wanted}.")


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


class _Apt:
    """The apt programs on lists of their own, or on the machine's as long as those do."""

    def __init__(self, folder: Path, source: str, run: _Commands) -> None:
        for name in ("lists/partial", "cache/archives/partial", "debs"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(f"{source}\n")
        self._folder, self._run, self._own = folder, run, bool(source)
        self._lists = str(folder / "lists") if source else _SYSTEM_LISTS

    def __call__(self, program: str, *arguments: str, check: bool = True) -> str:
        settings = [
            f"Dir::State={self._folder}",
            f"Dir::State::Lists={self._lists}",
            f"Dir::State::status={self._folder}/status",  # nothing is installed
            f"Dir::Cache={self._folder}/cache",
            "Dir::Cache::pkgcache=pkgcache.bin",  # images of containers turn it off
            "APT::Sandbox::User=",
            "APT::Get::AllowUnauthenticated=false",
            "Acquire::AllowInsecureRepositories=false",
            "Acquire::Languages=none",
            "Acquire::Retries=1",
            "Acquire::http::Timeout=15",
            "Acquire::https::Timeout=15",
            "Debug::NoLocking=1",
        ]
        if self._own:
            settings += [
                f"Dir::Etc::SourceList={self._folder}/sources.list",
                "Dir::Etc::SourceParts=/dev/null",
                "Dir::Etc::Preferences=/dev/null",
                "Dir::Etc::PreferencesParts=/dev/null",
            ]
        options = [word for setting in settings for word in ("-o", setting)]
        return self._run(
            program, *options, *arguments, check=check, cwd=self._folder / "debs",
            env=os.environ | {"LC_ALL": "C", "HOME": str(self._folder)},
        )  # fmt: skip

    def update(self) -> str:
        """Fetch the lists and check their signatures; returns what apt-get said of it."""
        self._lists = f"{self._folder}/lists"
        return self("apt-get", "update", check=False)  # some source may be out of reach

    def candidate(self) -> str | None:
        """RabbitMQ's version: 4.3.6."""
        policy = self("apt-cache", "policy", SERVER)
        found = re.search(r"Candidate: (?:\d+:)?(\d+(?:\.\d+)+)", policy)
        return found[1] if found else None

    def packages(self) -> list[Path]:
        """Fetch what RabbitMQ runs on: Erlang, and the libraries below it."""
        told = self("apt-cache", "depends", "--recurse", "--important", SERVER)
        self("apt-get", "download", *needed(told))
        return sorted((self._folder / "debs").glob("*.deb"))


def needed(told: str) -> list[str]:
    """The packages to unpack, from what `apt-cache depends --recurse --important` tells.

    Erlang is all that RabbitMQ needs, and its programs need libraries.  The rest is for those who
    install: users and groups, services, tools of the command line.
    """
    below: dict[str, list[str]] = {}
    package, alternative = "", False
    for line in told.splitlines():
        if not line.startswith(" "):
            package = line.strip()
            below[package] = []
        elif found := re.match(r"^ ([ |])(?:Pre)?Depends: (\S+)$", line):
            if not alternative and not found[2].startswith("<"):
                below[package].append(found[2].split(":")[0])
            alternative = found[1] == "|"  # the next line is one to this
    todo, wanted = [SERVER], set[str]()
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted.add(name)
            kinds = r"erlang-" if name == SERVER else r"erlang-|lib|zlib"
            todo += [other for other in below.get(name, []) if re.match(kinds, other)]
    return sorted(wanted)


def unpack(folder: Path, wanted: str, source: str, run: _Commands) -> None:
    """Make folder/VERSION the root of a tree with RabbitMQ and Erlang; whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < ROOM:
        raise UnpackError(f"less than {ROOM >> 20} MB free in {folder}; {_ELSEWHERE}")
    with (folder / "lock").open("w") as lock:
        while not _locked(lock):
            if run.over.wait(0.05):
                raise UnpackError("interrupted")
        for stale in folder.glob("partial-*"):  # its owner was killed: we have the lock
            shutil.rmtree(stale, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="partial-", dir=folder) as temporary:
            apt = _Apt(Path(temporary, "apt"), source, run)
            try:
                if source:
                    raise UnpackError  # lists of other suites are never there
                _bring(apt, folder, wanted, Path(temporary, "root"), run)
            except UnpackError:  # no lists (a container), or old ones
                print("looking for RabbitMQ's packages", flush=True)
                said = apt.update()
                try:
                    _bring(apt, folder, wanted, Path(temporary, "root"), run)
                except UnpackError as error:
                    why = _last(said) if re.search("^[WE]:", said, re.MULTILINE) else str(error)
                    raise UnpackError(why) from error


def _bring(apt: _Apt, folder: Path, wanted: str, root: Path, run: _Commands) -> None:
    """Unpack what is wanted, if it is that."""
    version = apt.candidate()
    if version is None:
        raise UnpackError("these sources have no RabbitMQ")
    print(f"{FOUND}{version}", flush=True)
    target = folder / version
    if not matches(version, wanted) or target.exists():
        return
    print(f"fetching RabbitMQ {version}", flush=True)
    packages = apt.packages()
    print(f"unpacking RabbitMQ {version}", flush=True)
    for package in packages:
        run("dpkg-deb", "-x", str(package), str(root))
    shutil.rmtree(root / "usr/share", ignore_errors=True)  # manuals
    for archive in root.glob("usr/lib/rabbitmq/lib/*/plugins/*.ez"):
        with zipfile.ZipFile(archive) as packed:  # so they were up to 3.8; it boots faster without
            packed.extractall(archive.parent)
        archive.unlink()
    _put_behind_loader(root, target)
    root.rename(target)


def _put_behind_loader(root: Path, target: Path) -> None:
    """Have Erlang's programs started by the C library that came with them.

    Args:
        target: where the tree will be.
    """
    folders = [d for d in (*root.glob("usr/lib/*-linux-gnu*"), *root.glob("lib/*-linux-gnu*"))
               if d.is_dir()]  # fmt: skip
    loaders = [p for d in folders for p in (*d.glob("ld-linux*.so.*"), *d.glob("ld64.so.*"))]
    if not loaders:
        raise UnpackError("these packages bring no C library for this machine")

    def there(path: Path) -> str:
        return shlex.quote(str(target / path.relative_to(root)))

    libraries = ":".join(there(folder) for folder in folders)
    erlang = root / "usr/lib/erlang"
    for program in (*erlang.glob("erts-*/bin/*"), *erlang.glob("lib/*/priv/bin/*")):
        if program.is_symlink() or not program.is_file():
            continue
        with program.open("rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
        real = program.with_name(f"{program.name}.real")
        program.rename(real)
        # No --argv0: the loader of 2020 does not know it.
        program.write_text(
            f'#!/bin/sh\nexec {there(loaders[0])} --library-path {libraries} {there(real)} "$@"\n'
        )
        program.chmod(0o755)


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main() -> None:
    """Unpack into the folder named on the command line."""
    folder, wanted, *source = sys.argv[1:]
    try:
        unpack(Path(folder), wanted, " ".join(source), _Commands())
    except UnpackError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"cannot write {error.filename}: {error.strerror}; {_ELSEWHERE}")


if __name__ == "__main__":
    main()
