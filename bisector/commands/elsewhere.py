"""`--on`: the same questions, answered by the workers of a dask scheduler."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bisector.commands import options
from bisector.errors import OutsideError, UserError
from bisector.places.display import Display
from bisector.places.rounds import Rounds

if TYPE_CHECKING:
    from bisector.places.dask.cluster import Cluster
    from bisector.places.dask.place import OnDask

PORT = 8786
"""Where a dask scheduler listens unless told otherwise."""
WAIT = 30.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of those who ask a scheduler's workers."""
    group = parser.add_argument_group("on the workers of a dask scheduler")
    group.add_argument(
        "--on", type=where, metavar="ADDRESS",
        help="have all of it answered there: tcp://HOST:PORT or tls://HOST:PORT, where a scheduler"
        " is, or local:N, a scheduler and a worker with N slots on this machine, to try it",
    )  # fmt: skip
    add_connection(group, WAIT, "a worker")


def add_connection(group: argparse._ActionsContainer, wait: float, whom: str) -> None:
    """Add the options of how to reach a scheduler."""
    group.add_argument(
        "--wait", type=options.seconds, default=wait, metavar="SECONDS",
        help=f"how long {whom} is waited for, where there is none (default: {wait:g})",
    )  # fmt: skip
    for name, what in (("ca", "of the authority"), ("cert", "of ours"), ("key", "of ours")):
        group.add_argument(
            f"--tls-{name}", metavar="FILE",
            help=f"for tls://: the {'key' if name == 'key' else 'certificate'} {what}"
            " (default: as dask is configured)",
        )  # fmt: skip


def where(text: str) -> str:
    """Read where a scheduler is, from the command line."""
    if re.fullmatch(r"local:[1-9]\d*", text):
        return text
    try:
        parts = urlsplit(text)
        port = parts.port or PORT
        if parts.scheme in ("tcp", "tls") and parts.hostname and not parts.path.strip("/"):
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            return f"{parts.scheme}://{host}:{port}"
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(
        f"{text!r}: name a scheduler, as tcp://HOST:{PORT} or tls://HOST:{PORT}, or local:N"
    )


def need_dask() -> None:
    """See that it is installed, which most questions do without.

    Raises:
        OutsideError: it is not.
    """
    if importlib.util.find_spec("distributed") is None:
        raise OutsideError(
            "dask is not installed here: start this through Nox, which installs the dependency"
            " group `dask`"
        )


def security(args: argparse.Namespace, address: str) -> Any:
    """Return how a scheduler is connected to, as dask takes it.

    Raises:
        UserError: certificates are named for a connection without TLS, or cannot be read.
    """
    from distributed import Security  # noqa: PLC0415  # only where it is asked for

    files = {name: getattr(args, f"tls_{name}") for name in ("ca", "cert", "key")}
    given = {name: file for name, file in files.items() if file}
    if given and not address.startswith("tls://"):
        raise UserError(f"--tls-{next(iter(given))} is for tls://, and {address} is none")
    for name, file in given.items():
        if not os.access(file, os.R_OK):
            raise UserError(f"--tls-{name} {file}: there is no such file, or it cannot be read")
    settings: dict[str, Any] = {"tls_ca_file": files["ca"]}
    for role in ("client", "worker", "scheduler"):
        settings |= {f"tls_{role}_cert": files["cert"], f"tls_{role}_key": files["key"]}
    made: Any = Security(**{k: v for k, v in settings.items() if v})
    if address.startswith("tls://") and not made.tls_ca_file:
        raise UserError(
            f"{address} needs certificates: --tls-ca, --tls-cert and --tls-key, or dask's own"
            " configuration"
        )
    return made


@dataclass
class Elsewhere:
    """Workers that were found, and the RabbitMQ that they answer beside."""

    cluster: Cluster
    rabbitmq: str
    """Its version; where versions are walked, for people."""
    source: str
    walked: bool
    display: Display

    def place(self) -> OnDask:
        """A place for the questions about one program."""
        from bisector.places.dask.place import OnDask  # noqa: PLC0415

        return OnDask(self.cluster, None if self.walked else self.rabbitmq, self.display.note)

    def rounds(self) -> Rounds:
        """Where rounds of a cost are taken, each on one worker."""
        from bisector.places.dask.rounds import RoundsOnDask  # noqa: PLC0415

        return RoundsOnDask(self.cluster, self.rabbitmq)

    def source_of(self, version: str) -> str:
        """Where workers have a RabbitMQ from, in words."""
        from bisector.places.dask.place import source_of  # noqa: PLC0415

        return source_of(self.cluster, version)

    def versions(self) -> list[str]:
        """All RabbitMQ that workers have, oldest first."""
        from bisector.places.dask.place import rabbitmqs  # noqa: PLC0415

        return rabbitmqs(self.cluster)


@contextlib.asynccontextmanager
async def connected(
    args: argparse.Namespace, display: Display, *, needed: bool = True, walked: bool = False
) -> AsyncIterator[Elsewhere]:
    """Connect to the workers that `--on` names.

    Args:
        needed: whether any program can use a RabbitMQ.
        walked: whether RabbitMQ's versions are what is walked.

    Raises:
        OutsideError: no scheduler, no worker, or none that has what is wished for.
        UserError: what is wished for cannot be.
    """
    need_dask()
    from bisector.places.dask.cluster import Cluster  # noqa: PLC0415
    from bisector.places.dask.place import rabbitmq_of  # noqa: PLC0415
    from bisector.rabbitmq import NO_BROKER  # noqa: PLC0415

    async with contextlib.AsyncExitStack() as stack:
        address, secure = args.on, security(args, args.on)
        if address.startswith("local:"):
            from bisector.places.dask import serving  # noqa: PLC0415

            wanted = [args.rabbitmq] if args.rabbitmq else []
            slots = int(address.partition(":")[2])
            home = serving.at_home(slots, wanted, display.note)
            address = await stack.enter_async_context(home)
        elif os.environ.get("AMQP_URL") or os.environ.get("AMQP_URLS"):
            display.note("AMQP_URL is passed over: the workers have RabbitMQ of their own")
        cluster = await stack.enter_async_context(
            Cluster(address, secure, display.note, args.wait, display.place)
        )
        if walked:
            version, source = "each of its own", "installed or unpacked"
        elif needed:
            version, source = rabbitmq_of(cluster, args.rabbitmq)
        else:
            version = source = NO_BROKER
        try:
            yield Elsewhere(cluster, version, source, walked, display)
        finally:
            display.note(cluster.told())
