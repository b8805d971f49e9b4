"""Hosts for a test: network namespaces joined by a bridge, with a scheduler and workers in them.

Only root can make them.  They share this machine's files, so environments are built once.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from bisector.commands.sharing import MAP
from bisector.rabbitmq import node, offers
from bisector.rabbitmq.debian import unpacked
from tests.command import TOOL, Ended, all_gone, run

PORT = 8786
SCHEDULER = [
    sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", str(PORT),
    "--no-dashboard", "--no-show",
]  # fmt: skip
SECONDS = 60


def why_not() -> str:
    """Why there can be no hosts here; empty: there can."""
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    if os.geteuid():
        return "only root may join network namespaces by a bridge"
    if shutil.which("ip") is None:
        return "`ip` is not there: install iproute2"
    name = f"bisector-{os.getpid()}-try"
    tried = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True)
    if tried.returncode:
        return "the kernel gives no network namespace here"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return ""


class Hosts:
    """Some hosts at one bridge; the scheduler and the client are on the first."""

    def __init__(self, count: int, folder: Path, checkout: Path) -> None:
        """Take how many; `folder` is for what the processes say."""
        self._count, self._folder, self._checkout = count, folder, checkout
        self._prefix = f"bisector-{os.getpid()}"
        self._scratch = folder / "tmp"
        self._environ = {**os.environ, "UV_OFFLINE": "1", "TMPDIR": str(self._scratch)}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        """Those that run, by what they are called."""

    def __enter__(self) -> Hosts:
        self._scratch.mkdir()
        switch = f"{self._prefix}-switch"
        try:
            _ip("netns", "add", switch)
            _ip("-n", switch, "link", "add", "bridge", "type", "bridge")
            _ip("-n", switch, "link", "set", "bridge", "up")
            for i in range(1, self._count + 1):
                name, port = self._name(i), f"port{i}"
                _ip("netns", "add", name)
                _ip("-n", switch, "link", "add", port, "type", "veth", "peer", "name", "eth0",
                    "netns", name)  # fmt: skip
                _ip("-n", switch, "link", "set", port, "master", "bridge", "up")
                _ip("-n", name, "addr", "add", f"{self.address(i)}/24", "dev", "eth0")
                for device in ("eth0", "lo"):
                    _ip("-n", name, "link", "set", device, "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in [*self.processes]:
            self.kill(name)
        self._left = self._look_for_what_is_left()
        for i in range(1, self._count + 1):
            subprocess.run(["ip", "netns", "del", self._name(i)], check=False, capture_output=True)
        switch = f"{self._prefix}-switch"
        subprocess.run(["ip", "netns", "del", switch], check=False, capture_output=True)

    def left(self) -> list[str]:
        """What was left when all had ended: processes on a host, files for the time being."""
        there = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True)
        return [*self._left, *(n for n in there.stdout.split() if n.startswith(self._prefix))]

    def _look_for_what_is_left(self) -> list[str]:
        until = time.monotonic() + 15
        while True:
            found = []
            for i in range(1, self._count + 1):
                pids = subprocess.run(
                    ["ip", "netns", "pids", self._name(i)], check=False, capture_output=True,
                    text=True,
                ).stdout.split()  # fmt: skip
                for pid in pids:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        found.append(" ".join(psutil.Process(int(pid)).cmdline()))
            found += [path.name for path in self._scratch.glob("*bisector*")]
            if not found or time.monotonic() > until:
                return found
            time.sleep(0.1)

    def address(self, i: int) -> str:
        """The address of the ith host, from 1."""
        return f"10.77.0.{i}"

    @property
    def scheduler(self) -> str:
        """Where the scheduler is."""
        return f"tcp://{self.address(1)}:{PORT}"

    def _name(self, i: int) -> str:
        return f"{self._prefix}-{i}"

    def on(self, i: int, command: Sequence[str]) -> list[str]:
        """Return what runs a command on the ith host."""
        return ["ip", "netns", "exec", self._name(i), *command]

    def link(self, i: int, state: str) -> None:
        """Pull the ith host's cable (`down`), or put it in again (`up`)."""
        _ip("-n", f"{self._prefix}-switch", "link", "set", f"port{i}", state)

    def start_scheduler(self) -> None:
        """Start it on the first host."""
        command = [*SCHEDULER, "--host", self.address(1), "--dashboard-address", "127.0.0.1:0"]
        self._start("scheduler", self.on(1, command), cwd=self._folder)

    def start_worker(self, i: int, *, slots: int = 2, broken: bool = False) -> str:
        """Start one on the ith host.

        Args:
            broken: its RabbitMQ cannot start.
        """
        name = f"worker {i}{' broken' if broken else ''}"
        command = [*TOOL, "worker", self.scheduler, "--host", self.address(i),
                   "--slots", str(slots)]  # fmt: skip
        command = self.on(i, command)
        if broken:
            mounts = [f"mount --bind /bin/false {launcher}" for launcher in launchers()]
            over = " && ".join([*mounts, 'exec "$@"'])
            command = ["unshare", "-m", "sh", "-c", over, "sh", *command]
        self._start(name, command, cwd=self._checkout)
        return name

    def start_client(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a bisection on the first host."""
        return subprocess.Popen(
            self.on(1, [*TOOL, "bisect", "--on", self.scheduler, *arguments]),
            cwd=self._checkout, env=self._environ, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def bisect(self, *arguments: str) -> Ended:
        """Bisect from the first host, to the end."""
        with self.start_client(*arguments) as process:
            stdout, stderr = process.communicate(timeout=600)
        return Ended(process.returncode, stdout, stderr)

    def _start(self, name: str, command: list[str], cwd: Path) -> None:
        with (self._folder / f"{name.replace(' ', '-')}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=cwd, env=self._environ,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def said(self, name: str) -> str:
        """What a process said so far."""
        return (self._folder / f"{name.replace(' ', '-')}.log").read_text(errors="replace")

    def wait_for(self, name: str, text: str, times: int = 1) -> None:
        """Wait until a process has said something so often."""
        until = time.monotonic() + SECONDS
        while self.said(name).count(text) < times:
            assert time.monotonic() < until, f"{name} never said {text!r}:\n{self.said(name)}"
            time.sleep(0.05)

    def kill(self, name: str, signum: signal.Signals = signal.SIGKILL) -> int:
        """Kill a process, and see that all that it had started ends, too; returns its code."""
        process = self.processes.pop(name)
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signum)
        code = process.wait(SECONDS)
        assert all_gone(family), [p.cmdline() for p in family if p.is_running()]
        return code


SCENARIOS = ["sibling-close", "import-clean", "constructor-url", "publisher-after-connect"]


def verdicts(told: str) -> dict[str, str]:
    """Verdicts by release, from an answer."""
    return {row["version"]: row["verdict"] for row in json.loads(told)["releases"]}


def truth(name: str, words: Sequence[str], checkout: Path) -> dict[str, str]:
    """What this machine finds: as results/map.json has it, if that was made beside the same."""
    end = words[words.index("--to") + 1] if "--to" in words else ""
    start = words[words.index("--from") + 1] if "--from" in words else ""
    (known,) = [row for row in json.loads(MAP.read_text()) if row["scenario"] == name]
    here = [f"{o.version} {o.place}" for o in offers.known()]
    if known["python"].startswith("3.11.") and any(
        text.startswith(f"{known['rabbitmq']} ") for text in here
    ):
        rows = known["releases"]
        versions = [row["version"] for row in rows]
        first = versions.index(start) if start else 0
        last = versions.index(end) if end else len(rows) - 1
        return {row["version"]: row["verdict"] for row in rows[first : last + 1]}
    with tempfile.TemporaryDirectory() as folder:
        journal = f"{folder}/journal"
        told = run([*TOOL, "bisect", *words, "--journal", journal, "--json", "-", name], checkout)
    return verdicts(told.stdout)


def launchers() -> list[Path]:
    """Erlang's launcher of every RabbitMQ that is here."""
    known = [offer.version for offer in offers.known() if offer.place == "unpacked in the cache"]
    layouts = [node.layout(), *map(unpacked, known)]
    return [layout.bin / "erlexec" for layout in layouts if layout]


@contextlib.contextmanager
def three(folder: Path, checkout: Path, *, slots: int = 2) -> Iterator[Hosts]:
    """Three hosts with a scheduler on the first and a worker on each."""
    with Hosts(3, folder, checkout) as hosts:
        hosts.start_scheduler()
        for i in (1, 2, 3):
            hosts.start_worker(i, slots=slots)
        for i in (1, 2, 3):
            hosts.wait_for(f"worker {i}", " cells at a time for ")
        yield hosts
        for i in (1, 2, 3):
            if f"worker {i}" in hosts.processes:
                assert hosts.kill(f"worker {i}", signal.SIGTERM) == 128 + signal.SIGTERM
        hosts.kill("scheduler", signal.SIGTERM)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
