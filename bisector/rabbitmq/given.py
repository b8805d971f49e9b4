"""The user's own brokers, named in AMQP_URL and AMQP_URLS."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial

from packaging.version import InvalidVersion, Version

from bisector.errors import UserError

from .control import version
from .server import BrokerError, Server, Source
from .unpack import matches


def urls() -> dict[str, str]:
    """Return the variable that each URL came from, by URL: AMQP_URL, then AMQP_URLS in order."""
    several = [url.strip() for url in os.environ.get("AMQP_URLS", "").split(",")]
    named = [(os.environ.get("AMQP_URL", ""), "AMQP_URL"), *((url, "AMQP_URLS") for url in several)]
    return {url: variable for url, variable in reversed(named) if url}


async def source(wanted: str | None = None) -> Source:
    """Return the first of the user's brokers, or the newest that matches.

    Raises:
        BrokerError: a broker does not answer.
        UserError: no broker is of that version.
    """
    if wanted is None:
        url, variable = next(reversed(urls().items()))
        return await _source(url, variable)
    found = await every()
    suited = [s for s in found if s.version and matches(s.version, wanted)]
    if not suited:
        there = ", ".join(str(s.version) for s in found)
        names = " and ".join(sorted({s.source for s in found}))
        raise UserError(
            f"--rabbitmq {wanted}: {names} lead to {there}; name a broker of that version there, or"
            " unset them"
        )
    return max(suited, key=lambda s: _order(s.version))


async def every() -> list[Source]:
    """Ask each of the user's brokers for its version. Raises `BrokerError`."""
    return [await _source(url, variable) for url, variable in reversed(urls().items())]


async def _source(url: str, variable: str) -> Source:
    return Source(variable, (await _connected(url, variable)).version,
                  partial(_connected, url, variable), private=False)  # fmt: skip


async def _connected(url: str, variable: str) -> Server:
    try:
        return Server(url, await version(url), variable)
    except BrokerError as error:
        raise BrokerError(f"{variable}: {error}", error.details) from error


def in_order(versions: Iterable[str]) -> list[str]:
    """Return versions oldest first, each once; what is none comes before all others."""
    return sorted(set(versions), key=_order)


def _order(version: str | None) -> Version:
    try:
        return Version(version or "")
    except InvalidVersion:
        return Version("0")
