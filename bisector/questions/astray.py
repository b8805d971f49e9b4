"""Programs that look for their RabbitMQ where it is not: never a verdict on a release."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bisector.errors import OutsideError
from bisector.isolation.needs import is_here
from bisector.isolation.relay import Relay
from bisector.questions.programs import Program

ADDRESS_TAKEN = re.compile(r"\[Errno (98|48)\]|[Aa]ddress already in use")
"""What asyncio and sockets say, on Linux and macOS, when a port is another program's."""

_FAILED = re.compile(r"Connect call failed \('([^']+)', (\d+)")
_UNKNOWN_HOST = re.compile(
    r"Temporary failure in name resolution|Name or service not known|No address associated"
    r"|nodename nor servname provided|gaierror"
)
_REFUSED = re.compile(r"Connection refused")
_UNREACHABLE = re.compile(r"Network is unreachable|No route to host")
_AMQP = re.compile(r"aiormq|AMQPConnectionError|amqps?://")
_IN_URL = re.compile(r"amqps?://(?:[^@/\s]*@)?(\[[^]]+\]|[^:/\s\"']+)(?::(\d+))?")
WAYS_OUT = (
    "have it read AMQP_URL; name the variable that it reads with --url-as NAME;"
    " or have it dial this machine, with --at PORT where that is not 5672"
)


@dataclass(frozen=True)
class Place:
    """Where a program was refused."""

    host: str
    port: int | None

    def __str__(self) -> str:
        return self.host + (f":{self.port}" if self.port else "")

    @property
    def here(self) -> bool:
        """Whether that is this machine's loopback."""
        return is_here(self.host)


class AstrayError(OutsideError):
    """A program was refused at an address that is not the one it was given."""

    def __init__(self, program: str, place: Place, why: str, output: str) -> None:
        super().__init__(
            f"{program} was {why} at {place}, which is not the one that it was given: {WAYS_OUT}",
            output,
        )
        self.place = place


def check(program: Program, output: str, relay: Relay | None) -> None:
    """See that a program that failed was not simply looking for RabbitMQ elsewhere.

    Once it was let in at its own, what it is refused elsewhere is its own affair, except where it
    needs a network that it cannot have: what is said of that is left to `beyond`.  Likewise, where
    the user said as whom it comes and it does: a virtual host that it then asks for is the
    release's choice.

    Raises:
        AstrayError: it was refused elsewhere.
        OutsideError: it is not let in as the user, or to the virtual host, that it asks for.
    """
    if relay is not None and relay.opened:
        return
    named = "://" in program.needs.at and relay is not None and relay.recognised
    if relay is not None and relay.denied and not named:
        raise OutsideError(
            f"{program.name} is not let in at the RabbitMQ that it was given ({relay.denied[-1]}):"
            " it should come as AMQP_URL says, or as guest to /; or give the URL that it dials, as"
            " --at amqp://user:password@localhost:5672/vhost",
            output,
        )
    if named or not _AMQP.search(output):
        return
    if places := refused_at(output):
        raise AstrayError(program.name, places[-1], "refused", output)
    if _UNKNOWN_HOST.search(output) or _UNREACHABLE.search(output):
        found = _IN_URL.findall(output) or _IN_URL.findall(program.text)
        host, port = found[-1] if found else ("a host that it does not name", "")
        where = Place(host, int(port) if port else None)
        raise AstrayError(program.name, where, "looking for RabbitMQ", output)


def refused_at(output: str) -> list[Place]:
    """Where connections failed, as asyncio puts it."""
    return [Place(host, int(port)) for host, port in _FAILED.findall(output)]


def beyond(output: str) -> str | None:
    """Say what a program wants of the network beyond its namespace; None: nothing that shows."""
    found = _UNREACHABLE.search(output) or _UNKNOWN_HOST.search(output)
    if not found and not refused_at(output):  # sockets do not say where
        found = _REFUSED.search(output)
    return found[0] if found else None
