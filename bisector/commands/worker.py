"""`nox -s worker -- tcp://SCHEDULER:8786`: answers for a dask scheduler, on this machine."""

from __future__ import annotations

import argparse
import re
import socket
from urllib.parse import urlsplit

from bisector.commands import elsewhere, options
from bisector.errors import FOUND, UserError
from bisector.isolation.needs import is_here
from bisector.processes.scratch import scratch
from bisector.rabbitmq import offers
from bisector.telling.terminal import console_for, display_for

WAIT = 60.0


def parser() -> argparse.ArgumentParser:
    """Return the options of `nox -s worker`."""
    made = options.parser_for(
        "worker",
        "Answer cells for a dask scheduler, beside RabbitMQ of this machine, until it is stopped."
        "  Whoever reaches a scheduler without TLS runs code on its workers: use tls://, or a"
        " network of your own.  Exit codes: 2 wrong use, 3 no scheduler, or retired since its cells"
        " came to nothing.",
    )
    made.add_argument(
        "scheduler", type=_scheduler, help="where it is: tcp://HOST:PORT or tls://HOST:PORT"
    )
    made.add_argument(
        "--slots", type=options.count, default=options.default_jobs(), metavar="N",
        help="cells answered side by side (default: %(default)s, from the processors)",
    )  # fmt: skip
    made.add_argument(
        "--rabbitmq", type=offers.version, action="append", default=[], metavar="VERSION",
        help="a RabbitMQ to have: 4, 4.3, 3.10.8 or newest; the first is taken where none is asked"
        " for; repeatable (default: those that are installed or unpacked)",
    )  # fmt: skip
    made.add_argument(
        "--host", metavar="ADDRESS",
        help="the address of this machine to listen at, where the scheduler reaches it (default:"
        " 127.0.0.1, which is enough for a scheduler on this machine)",
    )  # fmt: skip
    elsewhere.add_connection(made, WAIT, "the scheduler")
    return made


async def run(args: argparse.Namespace) -> int:
    """Answer until stopped."""
    elsewhere.need_dask()
    from bisector.places.dask import serving  # noqa: PLC0415  # only here it is needed

    host = args.host or _loopback(args.scheduler)
    security = elsewhere.security(args, args.scheduler)
    with scratch("bisector-worker-"), display_for(console_for()) as display:
        offer = await serving.offered(args.slots, args.rabbitmq, display.note)
        await serving.serve(args.scheduler, offer, host, args.wait, security, display.note)
    return FOUND


def _scheduler(text: str) -> str:
    if re.match("local:", text):
        raise argparse.ArgumentTypeError(f"{text}: that is for --on; name a scheduler")
    return elsewhere.where(text)


def _loopback(scheduler: str) -> str:
    """Listen at loopback only, as long as that is enough.

    Raises:
        UserError: it is not.
    """
    host = urlsplit(scheduler).hostname or ""
    if is_here(host):
        return "127.0.0.1"
    raise UserError(
        f"the scheduler at {host} has to reach this worker, too: --host"
        f" {_towards(host) or 'ADDRESS'} lets it listen there, for whoever reaches that address"
    )


def _towards(host: str) -> str | None:
    """The address of this machine that another one sees; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, elsewhere.PORT))
        except OSError:
            return None
        return str(probe.getsockname()[0])
