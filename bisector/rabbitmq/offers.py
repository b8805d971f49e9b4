"""Which versions of RabbitMQ can be had here, and where each comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.version import Version

from bisector.errors import UserError

from . import container, debian, node, suites
from .server import BrokerError, Progress, Source
from .unpack import NEWEST, matches

UNPACKED = "unpacked Debian packages"
INSTALLED = "installed RabbitMQ"


@dataclass(frozen=True)
class Offer:
    """A version, and from where it would be taken."""

    version: str
    place: str


def version(wanted: str) -> str:
    """Return what the user wants, if it can be a version.

    Raises:
        ValueError: it is neither 4, 4.3, 3.10.8 nor newest.
    """
    if wanted != NEWEST and not re.fullmatch(r"\d+(\.\d+){0,2}", wanted):
        raise ValueError(wanted)
    return wanted


def known() -> list[Offer]:
    """Return what is known without asking anybody, newest first; a version once, where nearest."""
    installed, found = node.layout(), list[Offer]()
    if installed:
        found.append(Offer(installed.version, "installed"))
    if debian.usable():
        found += [Offer(version, "unpacked in the cache") for version in debian.versions()]
        found += [
            Offer(version, f"{suites.distribution()} {suite}")
            for suite, version in debian.known().items()
        ]
    nearest = {offer.version: offer for offer in reversed(found)}
    return sorted(nearest.values(), key=lambda offer: Version(offer.version), reverse=True)


async def look(progress: Progress) -> list[str]:
    """Ask all suites what they hold; returns a line for each that did not say."""
    return await debian.survey(progress)


def elsewhere() -> list[str]:
    """Say what else there may be, where it is not known which versions."""
    engines = container.engines()
    found = [f"{' and '.join(engines)}: any version that there is an image of"] if engines else []
    if not debian.usable():
        found.append("no packages are unpacked here: this is no Debian or Ubuntu")
    return [*found, "and brokers of your own, named in AMQP_URLS"]


async def take(wanted: str, progress: Progress) -> Source:
    """Return a way to the newest RabbitMQ known that matches; if none is known, look for one.

    Raises:
        UserError: there is no such version.
        BrokerError: it may be there, and cannot be had now.
    """
    suited = [offer for offer in known() if matches(offer.version, wanted)]
    reasons: list[BrokerError] = []
    installed = node.layout()
    # The newest of all may have come out since the suites were asked.
    nearest = None if wanted == NEWEST else next(iter(suited), None)
    if nearest and installed and installed.version == nearest.version:
        return node.source(installed, INSTALLED)
    if nearest and (layout := debian.unpacked(nearest.version)):
        return node.source(layout, UNPACKED)
    try:
        layout = await debian.bring(wanted, progress)
    except BrokerError as error:
        reasons.append(error)
        layout = None
    if layout and not (installed and Version(installed.version) >= Version(layout.version)):
        return node.source(layout, UNPACKED)
    if installed and matches(installed.version, wanted):
        return node.source(installed, INSTALLED)
    for offer in suited:  # what suites held once, or the network would bring
        if layout := debian.unpacked(offer.version):
            return node.source(layout, UNPACKED)
    try:
        return await container.source(progress, wanted)
    except BrokerError as error:
        reasons.append(error)
    raise _none(wanted, reasons)


def _none(wanted: str, reasons: Sequence[BrokerError]) -> Exception:
    there = ", ".join(f"{offer.version} ({offer.place})" for offer in known()) or "none"
    line = (
        f"there is no RabbitMQ {wanted} here: known are {there};"
        " `nox -s bisect -- --list-rabbitmq` looks again, and AMQP_URLS names brokers of yours"
    )
    if len(reasons) == 1 and debian.usable():  # all suites have been asked
        return UserError(line)
    tried = "; ".join(map(str, reasons))
    return BrokerError(f"{line} (tried: {tried})", "\n".join(r.details for r in reasons))
