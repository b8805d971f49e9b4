"""What dask costs: per cell, with more workers, and for very many cells that do nothing."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path

from distributed import LocalCluster, Security

from bisector.environments import building, recipes, releases
from bisector.environments.recipes import Environment
from bisector.places.dask import serving, workers
from bisector.places.dask.answering import Answering
from bisector.places.dask.cells import Cell
from bisector.places.dask.cluster import Cluster
from bisector.places.dask.place import OnDask, rabbitmq_of
from bisector.places.here import Here
from bisector.questions import programs
from bisector.questions.ending import Rules
from bisector.rabbitmq import NO_BROKER, NONE
from bisector.rabbitmq.broker import Broker
from bisector.tasks import together

PAIRS = 15
"""Cells that are timed, here and there in turns."""
WINDOW = 96
"""Cells that are with the scheduler at a time, of those that do nothing."""
PROGRAM = "import-clean"

Say = Callable[[str], None]


def silent(_text: str) -> None:
    """Say nothing."""


@contextlib.asynccontextmanager
async def home(count: int, slots: int, offer: serving.Offer | None = None) -> AsyncIterator[str]:
    """Have a scheduler in this process, and workers in others; yields where it is."""
    workers.quiet()
    offer = offer or serving.Offer(slots, {}, [recipes.PYTHON])
    async with LocalCluster(
        n_workers=count, threads_per_worker=slots, processes=True, host="127.0.0.1",
        dashboard_address="127.0.0.1:0", worker_dashboard_address="127.0.0.1:0",
        asynchronous=True, silence_logs=workers.NEVER, memory_limit=0,
        resources=workers.resources(slots, offer.rabbitmqs, offer.pythons),
        plugins=(Answering(slots, silent),),
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address


async def overhead(say: Say) -> float:
    """Time cells here and on a worker, in turns; returns by how many seconds those take longer."""
    release = releases.select(releases.load())[-1]
    environment, program = recipes.of(release), programs.scenario(PROGRAM)
    await building.install(environment)
    rules, seconds = Rules(program.timeout), dict[str, list[float]](here=[], there=[])
    here = Here(Broker(NONE, silent), 1, silent)
    async with home(1, 1) as address, Cluster(address, Security(), silent, 30) as cluster:
        there = OnDask(cluster, NO_BROKER, silent)
        for number in range(PAIRS + 1):
            for name, place in (("here", here), ("there", there)):
                began = time.monotonic()
                await place.answer(release.version, environment, program, rules)
                if number:  # the first one imports
                    seconds[name].append(time.monotonic() - began)
    longer = [there - here for here, there in zip(seconds["here"], seconds["there"], strict=True)]
    say(
        f"{PAIRS} cells of {PROGRAM}: {statistics.median(seconds['here']) * 1000:.0f} ms here,"
        f" {statistics.median(seconds['there']) * 1000:.0f} ms on a worker;"
        f" {statistics.median(longer) * 1000:+.0f} ms a cell, in pairs"
        f" ({min(longer) * 1000:+.0f} to {max(longer) * 1000:+.0f})"
    )
    return statistics.median(longer)


async def hang(say: Say, versions: Sequence[str], slots: int = 2) -> None:
    """Time a map of releases that hang, with one, two and three workers on this machine.

    Args:
        versions: some that hang.
    """
    known = releases.load()
    environments = [recipes.of(releases.find(known, version)) for version in versions]
    for environment in environments:
        await building.install(environment)
    program = programs.scenario(programs.SIBLING_CLOSE)
    rules = Rules(program.timeout)
    offer = await serving.offered(slots, [], silent)
    for count in (1, 2, 3):
        async with contextlib.AsyncExitStack() as stack:
            address = await stack.enter_async_context(home(count, slots, offer))
            made = Cluster(address, Security(), silent, 30)
            cluster = await stack.enter_async_context(made)
            place = OnDask(cluster, rabbitmq_of(cluster, None)[0], silent)

            async def ask(environment: Environment, place: OnDask = place) -> str:
                found = await place.answer(environment.version, environment, program, rules)
                return found.outcome

            await together(ask(environments[0]) for _ in range(count * slots))  # boots
            began = time.monotonic()
            found = await together(map(ask, environments))
            seconds = time.monotonic() - began
        say(
            f"{len(found)} releases, {found.count('hang')} of them hang: {seconds:.1f} s with"
            f" {count} worker{'s' * (count > 1)} of {slots} slots"
        )


async def nothing(address: str, names: Iterable[str], keep: Callable[[str], None]) -> None:
    """Have very many cells answered that do nothing.

    Args:
        keep: is told the name of each that was answered.
    """
    left = iter(names)
    async with Cluster(address, Security(), silent, 30) as cluster:

        async def ask() -> None:
            for name in left:
                await cluster.ask(Cell(f'{{"kind": "nothing", "name": "{name}"}}'))
                keep(name)

        await together(ask() for _ in range(WINDOW))


def memory(pid: int) -> float:
    """Megabytes of a process that are in memory (proc_pid_status(5))."""
    for row in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if row.startswith("VmRSS:"):
            return int(row.split()[1]) / 1024
    return 0.0


def told(samples: Sequence[float]) -> str:
    """Say how memory went, from its first sample to its last."""
    return f"{samples[0]:.0f} to {samples[-1]:.0f} MB, {max(samples):.0f} at most"
