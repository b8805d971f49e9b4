"""What a worker offers, as dask's abstract resources: everybody sees them, and cells ask for them.

A cell goes only to a worker that offers all that it asks for, whenever that one came: what runs
another version of the suite, or of dask, gets none.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import logging
import platform
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bisector import ROOT
from bisector.environments import building
from bisector.errors import OutsideError

SUITE, DASK, INTERPRETER = "suite", "dask", "interpreter"
PYTHON, RABBITMQ, FIRST, ARCHITECTURE = "Python", "RabbitMQ", "first RabbitMQ", "architecture"
LOG = 20
"""Messages that dask keeps of those it has sent."""
NEVER = logging.CRITICAL + 1
"""The level of messages that are shown: dask calls it critical that a client was killed."""
_OURS = "faststream-bisector "


@functools.cache
def suite() -> str:
    """Name this version of the suite by all that answers follow from."""
    whole = hashlib.sha256()
    files = [ROOT / "noxfile.py", *(ROOT / "bisector").rglob("*.py")]
    for path in sorted([*files, *(ROOT / "benchmarks").rglob("*.py")]):
        whole.update(f"{path.relative_to(ROOT)}\0".encode())
        whole.update(path.read_bytes() + b"\0")
    return whole.hexdigest()[:10]


def interpreter() -> str:
    """The Python that runs this: 3.11."""
    return ".".join(map(str, sys.version_info[:2]))


@dataclass(frozen=True)
class Worker:
    """A worker of ours, as the scheduler knows it."""

    address: str
    slots: int
    offers: Mapping[str, Collection[str]]
    """What it offers, by kind."""

    @property
    def name(self) -> str:
        """What to call it: its host and port."""
        return self.address.rpartition("://")[2]

    @property
    def rabbitmqs(self) -> dict[str, str]:
        """Where each RabbitMQ that it has comes from, by version."""
        told = (text.partition(", ") for text in self.offers.get(RABBITMQ, ()))
        return {version: source for version, _, source in told if source}

    @property
    def first(self) -> str | None:
        """The RabbitMQ that it takes where none is named."""
        return next(iter(self.offers.get(FIRST, ())), None)

    def other(self) -> str | None:
        """Say in what it differs from this client; None: in nothing that matters."""
        for kind, ours in versions().items():
            theirs = " ".join(self.offers.get(kind, ["none that it names"]))
            if theirs != ours:
                return f"{_CALLED[kind]} {theirs}, and {ours} is here"
        return None

    def meets(self, wishes: Mapping[str, str]) -> bool:
        """Whether it offers all that is wished for."""
        return all(value in self.offers.get(kind, ()) for kind, value in wishes.items())


_CALLED = {SUITE: "runs the suite in version", DASK: "runs dask", INTERPRETER: "is run by Python"}


def versions() -> dict[str, str]:
    """What has to be the same on both sides."""
    return {
        SUITE: suite(),
        DASK: importlib.metadata.version("distributed"),
        INTERPRETER: interpreter(),
    }


def resources(slots: int, rabbitmqs: Mapping[str, str], pythons: Sequence[str]) -> dict[str, float]:
    """Return what a worker offers, as dask takes it.

    Args:
        slots: how many cells it answers at a time.
        rabbitmqs: where each RabbitMQ comes from, by version; the first is the one that it takes
            where none is named.
        pythons: the interpreters for releases that it has.
    """
    told = [
        *versions().items(),
        *((RABBITMQ, version) for version in rabbitmqs),
        *((RABBITMQ, f"{version}, {source}") for version, source in rabbitmqs.items()),
        *((FIRST, version) for version in [*rabbitmqs][:1]),
        *((PYTHON, version) for version in pythons),
        (ARCHITECTURE, platform.machine()),
    ]
    return {resource(kind, value): slots for kind, value in told}


def resource(kind: str, value: str) -> str:
    """Return what dask calls it."""
    return f"{_OURS}{kind} {value}"


def read(scheduler: Mapping[str, Any]) -> dict[str, Worker]:
    """Return the workers that are ours among those that a scheduler knows, by address."""
    found = {}
    for address, told in scheduler["workers"].items():
        offers: dict[str, list[str]] = {}
        for name in told.get("resources", {}):
            if name.startswith(_OURS):
                kind, value = _parts(name.removeprefix(_OURS))
                offers.setdefault(kind, []).append(value)
        if offers:
            found[address] = Worker(address, told["nthreads"], offers)
    return found


def _parts(name: str) -> tuple[str, str]:
    kinds = (SUITE, DASK, INTERPRETER, PYTHON, FIRST, RABBITMQ, ARCHITECTURE)
    kind = next((kind for kind in kinds if name.startswith(f"{kind} ")), "")
    return kind, name.removeprefix(f"{kind} ")


def wishes(pythons: Iterable[str], rabbitmq: str | None) -> dict[str, str]:
    """Return what a worker has to offer, by kind; it has the interpreters as 3.11."""
    found = {match[0] for text in pythons if (match := re.match(r"\d+\.\d+", text))}
    wanted = {PYTHON: found.pop()} if len(found) == 1 else {}
    return {**wanted, **({RABBITMQ: rabbitmq} if rabbitmq else {})}


def pythons() -> list[str]:
    """Return the interpreters that are on this machine, as 3.11, oldest first.

    Raises:
        OutsideError: uv, which finds them, is missing.
    """
    command = [*building.uv(), "python", "list", "--only-installed"]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if told.returncode:
        raise OutsideError("uv finds no interpreters: look at `uv python list`", told.stderr)
    found = set()
    for line in told.stdout.splitlines():
        words = line.split()[0].split("-")  # cpython-3.11.7-linux-x86_64-gnu
        if words[0] == "cpython" and "+" not in words[1]:
            found.add(tuple(map(int, words[1].split(".")[:2])))
    return [".".join(map(str, version)) for version in sorted(found)]


def quiet() -> None:
    """Leave it to us to say what is worth a line, and to keep what was sent."""
    import dask  # noqa: PLC0415  # what a worker offers is told without it

    # dask keeps the last messages, for whoever looks for its faults: a hundred megabytes of cells.
    dask.config.set({"distributed.admin.low-level-log-length": LOG})
    for name in ("distributed", "distributed.client", "tornado", "tornado.application"):
        logging.getLogger(name).setLevel(NEVER)
