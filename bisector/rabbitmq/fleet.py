"""Several RabbitMQ side by side, each of another version: as many at a time as memory allows."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from bisector import rabbitmq
from bisector.errors import OutsideError

from . import given, offers
from .broker import Broker

NODE = 300 << 20
"""Bytes that a node may come to need, generously: one that idles has 90 to 140 MB."""
UNKNOWN = 4
"""How many run at a time where it is not known how much memory there is."""


class Fleet:
    """Lends brokers by version; `async with` stops them all in the end."""

    def __init__(self, note: Callable[[str], None], most: int | None = None) -> None:
        """Take how many may run at a time (default: what there is memory for)."""
        self._note, self._most = note, most or fitting()
        self._brokers: dict[str, Broker] = {}
        self._users: dict[str, int] = {}
        self._changed, self._finding = asyncio.Condition(), asyncio.Lock()
        self._said = False

    @property
    def source(self) -> str:
        """Where these RabbitMQ come from, in words."""
        return "AMQP_URLS" if given.urls() else "installed or unpacked"

    @contextlib.asynccontextmanager
    async def lend(self, version: str) -> AsyncIterator[Broker]:
        """Lend the broker of a version; it stays up at least as long as anybody has it.

        Raises:
            OutsideError: it cannot be had.
        """
        async with self._changed:
            while version not in self._users and len(self._users) >= self._most:
                idle = [v for v, users in self._users.items() if not users]
                if idle:
                    del self._users[idle[0]]
                    await self._brokers[idle[0]].rest()
                else:
                    self._tell_memory()
                    await self._changed.wait()
            # The last one in use is the last one to go.
            self._users[version] = self._users.pop(version, 0) + 1
        try:
            async with self._finding:  # what has to be fetched is fetched once
                if version not in self._brokers:
                    source = await rabbitmq.find(self._note, version)
                    self._brokers[version] = Broker(source, self._note)
            yield self._brokers[version]
        finally:
            async with self._changed:
                self._users[version] -= 1
                self._changed.notify_all()

    def _tell_memory(self) -> None:
        if not self._said:
            self._said = True
            self._note(f"memory for {self._most} RabbitMQ at a time: the others wait")

    async def __aenter__(self) -> Fleet:
        return self

    async def __aexit__(self, *_: object) -> None:
        for broker in self._brokers.values():
            await broker.__aexit__()


def fitting() -> int:
    """Return how many nodes there is memory for, at least one."""
    try:
        told = Path("/proc/meminfo").read_text(encoding="utf-8")
    except OSError:  # only Linux says so
        told = ""
    found = re.search(r"^MemAvailable: +(\d+) kB", told, re.MULTILINE)
    return max(1, int(found[1]) * 1024 // NODE) if found else UNKNOWN


async def versions(note: Callable[[str], None]) -> list[str]:
    """Return the versions that can be had, oldest first: of AMQP_URLS, else of all places.

    Raises:
        OutsideError: a broker of the user's does not answer, or nothing can be had.
    """
    if given.urls():
        return given.in_order([s.version or "" for s in await given.every()])
    for line in await offers.look(note):
        note(f"left out: {line}")
    found = given.in_order([offer.version for offer in offers.known()])
    if not found:
        raise OutsideError("no RabbitMQ can be had here: name brokers of yours in AMQP_URLS")
    return found
