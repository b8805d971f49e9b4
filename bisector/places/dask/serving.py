"""The life of a worker: connects, answers, and waits for the scheduler when that goes away."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from distributed import Scheduler, Security, Worker

from bisector import rabbitmq
from bisector.errors import OutsideError
from bisector.places.dask import workers
from bisector.places.dask.answering import Answering
from bisector.rabbitmq import given, offers
from bisector.rabbitmq.broker import open_broker

AT_HAND = ("installed", "unpacked in the cache")
"""Where RabbitMQ are that need not be fetched first."""


@dataclass(frozen=True)
class Offer:
    """What a worker has."""

    slots: int
    rabbitmqs: Mapping[str, str]
    """Where each comes from, by version; the first is taken where none is named."""
    pythons: Sequence[str]


async def serve(
    scheduler: str,
    offer: Offer,
    host: str,
    wait: float,
    security: Security,
    note: Callable[[str], None],
) -> None:
    """Answer cells until it is retired, or the scheduler has been away for too long.

    Args:
        host: the address to listen at.
        wait: seconds that the scheduler is waited for, at first and whenever it goes away.

    Raises:
        OutsideError: one of these, with the reason.
    """
    workers.quiet()
    while True:
        answering = Answering(offer.slots, note)
        try:
            worker = made(scheduler, offer, host, security, answering, wait)
            async with worker:
                note(f"{worker.address} answers {offer.slots} cells at a time for {scheduler}")
                await worker.finished()
        except (OSError, asyncio.TimeoutError) as error:
            raise OutsideError(
                f"there is no scheduler at {scheduler} (waited {wait:g} s): start one with"
                " `dask scheduler`, or see that it can be reached from here",
                str(error),
            ) from None
        if answering.retired:
            raise OutsideError(
                f"retired, for its cells came to nothing: {answering.retired};"
                " mend that, and start it again"
            )
        note(f"the scheduler went away: waiting for it, {wait:g} s at most")


def made(
    scheduler: str,
    offer: Offer,
    host: str | None,
    security: Security,
    answering: Answering,
    wait: float,
) -> Worker:
    """Return a dask worker, not yet started."""
    return Worker(
        scheduler,
        nthreads=offer.slots,
        resources=workers.resources(offer.slots, offer.rabbitmqs, offer.pythons),
        plugins=(answering,),
        host=host,
        dashboard_address=f"{host or '127.0.0.1'}:0",  # its page of metrics
        security=security,
        memory_limit=0,  # it is the programs that use memory, and they are not dask's
        local_directory=tempfile.gettempdir(),
        death_timeout=wait,
    )


async def offered(slots: int, wanted: Sequence[str], note: Callable[[str], None]) -> Offer:
    """Return what this machine can offer.

    Args:
        wanted: versions of RabbitMQ to have; none: what is here, or can be had most easily.

    Raises:
        OutsideError: a RabbitMQ that is wanted cannot be had.
        UserError: there is no such version.
    """
    found: dict[str, str] = {}
    if wanted or given.urls():
        sources = [await rabbitmq.find(note, version) for version in wanted] or await given.every()
        found = {source.version or "": source.source for source in sources}
    else:
        try:
            async with open_broker(note) as (broker, version):
                found[version] = broker.source
        except OutsideError as error:
            note(f"only programs that need no RabbitMQ are answered here: {error}")
        for offer in offers.known():
            if offer.place in AT_HAND:
                found.setdefault(offer.version, (await rabbitmq.find(note, offer.version)).source)
    return Offer(slots, found, await asyncio.to_thread(workers.pythons))


@contextlib.asynccontextmanager
async def at_home(
    slots: int, wanted: Sequence[str], note: Callable[[str], None]
) -> AsyncIterator[str]:
    """Have a scheduler and a worker in this very process; yields the scheduler's address."""
    workers.quiet()
    offer = await offered(slots, wanted, note)
    async with Scheduler(protocol="inproc", dashboard=False, dashboard_address="127.0.0.1:0") as s:
        worker = made(s.address, offer, None, Security(), Answering(slots, note), 10)
        async with worker:
            yield s.address
