"""What a program needs to find: its RabbitMQ under some name or address, and things declared."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aio_pika
from aiormq.exceptions import ConnectionCommandInvalid
from pamqp import commands

from bisector.errors import OutsideError, UserError
from bisector.isolation.relay import GUEST, PORT, Identity
from bisector.rabbitmq import BrokerError, Server

PARTS = ("url", "host", "port", "user", "password", "vhost")
"""What `--url-as` can give a program, by a variable of any name."""


@dataclass(frozen=True)
class Needs:
    """What the command line says that a program needs."""

    declare: tuple[str, ...] = ()
    """`exchange:NAME[:TYPE]`, `queue:NAME`, `binding:EXCHANGE:QUEUE[:KEY]`."""
    definitions: str = ""
    """RabbitMQ's own export of definitions: the text, which is JSON."""
    url_as: tuple[str, ...] = ()
    """`VARIABLE`, or `PART=VARIABLE` with one of `PARTS`."""
    environ: tuple[str, ...] = ()
    """`NAME=VALUE`."""
    at: str = ""
    """The port, or the whole AMQP URL, that it dials on this machine."""

    def __bool__(self) -> bool:
        return self != NOTHING

    def check(self) -> None:
        """See that all of it can be read.

        Raises:
            UserError: what cannot, and how it should look.
        """
        for text in self.declare:
            _declaration(text)
        with _readable_definitions():
            self._defined()
        for text in self.url_as:
            part, _, name = text.rpartition("=")
            if (part or "url") not in PARTS or not name.isidentifier():
                raise UserError(
                    f"--url-as {text}: name a variable, or a part and one, as host=RABBIT_HOST;"
                    f" the parts: {', '.join(PARTS)}"
                )
        for text in self.environ:
            if not text.partition("=")[0].isidentifier() or "=" not in text:
                raise UserError(f"--env {text}: it should look like NAME=VALUE")
        self.ports()

    def options(self) -> list[str]:
        """Return the command line's options that say so."""
        return [
            *(f"--declare={text}" for text in self.declare),
            *(["--definitions=FILE"] if self.definitions else []),
            *(f"--url-as={text}" for text in self.url_as),
            *(f"--env={text}" for text in self.environ),
            *([f"--at={self.at}"] if self.at else []),
        ]

    def to_json(self) -> str:
        """Return it as text: other needs are another question."""
        return json.dumps(asdict(self), sort_keys=True)

    def ports(self) -> tuple[int, ...]:
        """The port of this machine that `at` says it dials, if it says so.

        Raises:
            UserError: `at` is neither a port nor the URL of a place on this machine.
        """
        if not self.at:
            return ()
        try:
            if self.at.isdecimal():
                port = int(self.at)
            else:
                parts = urlsplit(self.at)
                port = parts.port or PORT
                if parts.scheme != "amqp" or not is_here(parts.hostname or ""):
                    raise ValueError
            if not 0 < port < 65536:
                raise ValueError
        except ValueError:
            raise UserError(
                f"--at {self.at}: name a port of this machine, as 5672, or the URL that the program"
                " dials, as amqp://user:password@localhost:5672/vhost"
            ) from None
        return (port,)

    def identities(self) -> list[Identity]:
        """Who may come there, and to which virtual host."""
        given = [Identity.of(self.at)] if "://" in self.at else []
        return [GUEST, *given]

    def variables(self, url: str) -> dict[str, str]:
        """What the program finds set, beside AMQP_URL."""
        parts, who = urlsplit(url), Identity.of(url)
        values = {
            "url": url,
            "host": parts.hostname or "localhost",
            "port": str(parts.port or PORT),
            "user": who.user,
            "password": who.password,
            "vhost": who.vhost,
        }
        names = (text.rpartition("=") for text in self.url_as)
        given = (text.partition("=") for text in self.environ)
        return {
            **{name: values[part or "url"] for part, _, name in names},
            **{name: value for name, _, value in given},
        }

    async def declare_at(self, server: Server) -> None:
        """Put into a virtual host what has to be there.

        Raises:
            BrokerError: RabbitMQ went away.
            OutsideError: it does not take something.
        """
        if not (self.declare or self.definitions):
            return
        wanted = [_declaration(text) for text in self.declare]
        defined = self._defined()
        try:
            async with await aio_pika.connect(server.url) as connection:
                channel = await connection.channel()
                for kind, *words in wanted:
                    await _declare(channel, kind, words)
                await _import(channel, defined)
        except (aio_pika.exceptions.ChannelClosed, ConnectionCommandInvalid) as error:
            raise OutsideError(
                f"RabbitMQ does not take what --declare or --definitions say: {error}"
            ) from error
        except (OSError, aio_pika.exceptions.AMQPError) as error:
            raise BrokerError("RabbitMQ went away") from error
        for policy in defined.get("policies", []):
            await server.set_policy(policy)

    def _defined(self) -> dict[str, list[dict[str, Any]]]:
        """The definitions of one virtual host: those of the first one named there, or of `/`."""
        if not self.definitions:
            return {}
        told = json.loads(self.definitions)
        kinds = ("exchanges", "queues", "bindings", "policies")
        found = {kind: [dict(row) for row in told.get(kind, [])] for kind in kinds}
        vhosts = {str(row.get("vhost", "/")) for rows in found.values() for row in rows}
        chosen = "/" if "/" in vhosts or not vhosts else min(vhosts)
        return {k: [r for r in rows if r.get("vhost", "/") == chosen] for k, rows in found.items()}


NOTHING = Needs()


def read_definitions(path: Path) -> str:
    """Read a file of definitions.

    Raises:
        UserError: there is none, or it is something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--definitions {path}: {error}") from None
    with _readable_definitions():
        Needs(definitions=text)._defined()
    return text


def is_here(host: str) -> bool:
    """Whether a host's name or address means this machine's loopback."""
    return host in ("localhost", "::1", "0:0:0:0:0:0:0:1", "ip6-localhost") or host.startswith(
        "127."
    )


@contextlib.contextmanager
def _readable_definitions() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(
            "--definitions: it should be RabbitMQ's own export of definitions, which is JSON with"
            f" lists of exchanges, queues, bindings: {error}"
        ) from None


def _declaration(text: str) -> list[str]:
    kind, *words = text.split(":")
    least, most = {"exchange": (1, 2), "queue": (1, 1), "binding": (2, 3)}.get(kind, (1, 0))
    if not least <= len(words) <= most or not all(words[:least]):
        raise UserError(
            f"--declare {text}: it should look like exchange:NAME, exchange:NAME:topic, queue:NAME"
            " or binding:EXCHANGE:QUEUE:KEY"
        )
    try:  # names that no client would send
        commands.Exchange.Declare(exchange=words[0])
        commands.Queue.Declare(queue=words[least - 1])
    except ValueError as error:
        raise UserError(f"--declare {text}: {error}") from None
    return [kind, *words]


async def _declare(channel: Any, kind: str, words: Sequence[str]) -> None:
    if kind == "exchange":
        name, type_ = [*words, "direct"][:2]
        await channel.declare_exchange(name, type_)
    elif kind == "queue":
        await channel.declare_queue(words[0])
    else:
        exchange, queue, key = [*words, ""][:3]
        await (await channel.get_queue(queue)).bind(exchange, key)


async def _import(channel: Any, defined: dict[str, list[dict[str, Any]]]) -> None:
    for row in defined.get("exchanges", []):
        await channel.declare_exchange(
            row["name"], row.get("type", "direct"), durable=row.get("durable", True),
            auto_delete=row.get("auto_delete", False), internal=row.get("internal", False),
            arguments=row.get("arguments") or None,
        )  # fmt: skip
    for row in defined.get("queues", []):
        await channel.declare_queue(
            row["name"], durable=row.get("durable", True),
            auto_delete=row.get("auto_delete", False), arguments=row.get("arguments") or None,
        )  # fmt: skip
    for row in defined.get("bindings", []):
        if row.get("destination_type", "queue") == "queue":
            to = await channel.get_queue(row["destination"])
        else:
            to = await channel.get_exchange(row["destination"])
        await to.bind(row["source"], row.get("routing_key", ""), arguments=row.get("arguments"))
