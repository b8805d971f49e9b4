"""Finds a RabbitMQ, or brings one; asks whether it is well."""

from __future__ import annotations

import os
import shutil
import sys

from . import container, debian, node
from .control import Watch, control, version
from .server import BrokerError, PrivateServer, Progress, Server, Source

__all__ = ["BrokerError", "PrivateServer", "Server", "Source", "Watch", "control", "find"]


async def find(progress: Progress) -> Source:
    """The first of: AMQP_URL, an installed RabbitMQ, Debian packages, a container.

    `progress` is told in a few words what takes time. Raises `BrokerError` if there is none, with
    how to get one, or if AMQP_URL leads to none.
    """
    if url := os.environ.get("AMQP_URL"):
        return await _given(url)
    if installed := node.layout():
        return node.source(installed, "installed RabbitMQ")
    reasons = []
    try:
        return node.source(await debian.unpacked(progress), "unpacked Debian packages")
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


async def _given(url: str) -> Source:
    """The user's own broker."""

    async def connected() -> Server:
        try:
            return Server(url, await version(url), "AMQP_URL")
        except BrokerError as error:
            raise BrokerError(f"AMQP_URL: {error}", error.details) from error

    return Source("AMQP_URL", (await connected()).version, connected, private=False)


def _install() -> str:
    """How to get RabbitMQ on this system."""
    if sys.platform == "darwin":
        return "run `brew install rabbitmq`"
    if debian.usable():
        return "run `apt-get install rabbitmq-server`"
    if shutil.which("dnf"):
        return "run `dnf install rabbitmq-server`"
    return "install RabbitMQ (rabbitmq.com/docs/download)"
