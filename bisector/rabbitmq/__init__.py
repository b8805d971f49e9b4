"""Finds a RabbitMQ, or brings one; asks whether it is well."""

from __future__ import annotations

import shutil
import sys

from . import container, debian, given, node, offers
from .control import Watch, control
from .server import BrokerError, PrivateServer, Progress, Server, Source

__all__ = [
    "NONE",
    "NO_BROKER",
    "BrokerError",
    "PrivateServer",
    "Server",
    "Source",
    "Watch",
    "control",
    "find",
]


async def _none() -> Server:
    return Server("", NO_BROKER, NO_BROKER)


NO_BROKER = "none"
NONE = Source(NO_BROKER, NO_BROKER, _none, private=False, isolates=True)
"""For programs that need no RabbitMQ: it has no URL, nothing is started, and it is always well."""


async def find(progress: Progress, wanted: str | None = None) -> Source:
    """The first of: AMQP_URL, an installed RabbitMQ, Debian packages, a container.

    Args:
        progress: is told in a few words what takes time.
        wanted: a version: 4, 4.3, 3.10.8 or newest. The newest known that matches is taken.

    Raises:
        BrokerError: there is none, with how to get one, or AMQP_URL leads to none.
        UserError: there is no such version.
    """
    if given.urls():
        return await given.source(wanted)
    if wanted:
        return await offers.take(wanted, progress)
    if installed := node.layout():
        return node.source(installed, offers.INSTALLED)
    reasons = []
    try:
        return node.source(await debian.default(progress), offers.UNPACKED)
    except BrokerError as error:
        reasons.append(error)
    try:
        return await container.source(progress)
    except BrokerError as error:
        reasons.append(error)
    raise BrokerError(
        f"no RabbitMQ here: {_install()}, or set AMQP_URL to a broker of yours"
        f" (tried: {'; '.join(map(str, reasons))})",
        details="\n".join(error.details for error in reasons),
    )


def _install() -> str:
    """How to get RabbitMQ on this system."""
    if sys.platform == "darwin":
        return "run `brew install rabbitmq`"
    if debian.usable():
        return "run `apt-get install rabbitmq-server`"
    if shutil.which("dnf"):
        return "run `dnf install rabbitmq-server`"
    return "install RabbitMQ (rabbitmq.com/docs/download)"
