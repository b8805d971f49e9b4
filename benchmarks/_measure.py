"""How the benchmarks measure, the same for FastStream and for the plain aio-pika beside it.

Both work on one event loop of one process with one RabbitMQ, in short turns: what disturbs one
disturbs the other, and their ratio travels between machines as the figures themselves do not.
A first turn is not counted. The garbage collector runs between turns, never in them.

Everything is measured in `setup_cache`, which asv calls once a release; the ``track_`` functions
only read from its result, for asv starts a process for each of them and each parameter. A release
that hangs or raises gives figures too (`failed`), a RabbitMQ that does not answer gives none
(`NoRabbitMQError`): trouble of our own says nothing about a release.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import json
import multiprocessing
import os
import resource
import select
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, Iterator, NamedTuple, Tuple

from benchmarks import compat

FASTSTREAM, PLAIN = "FastStream", "aio-pika"
RATIO = "× plain aio-pika"  # noqa: RUF001
QUANTILES = {"median": 0.5, "p95": 0.95, "p99": 0.99}
ROUNDS = 10
"""Asv's test for a difference (Mann-Whitney, p < 0.002) needs seven samples on either side."""
ROUND_SECONDS = 0.02
"""Short: of several lengths with the same sum, shorter turns gave the steadier ratios."""
DEADLINE_SECONDS = 1.0
"""A call that takes longer hangs, if plain aio-pika gets through meanwhile."""
STEP_SECONDS = 10.0
"""For what is not measured: connecting, declaring."""
PROCESS_SECONDS = 60.0
"""For all that one process measures; only a release that blocks its event loop takes so long."""

Cache = Dict[Any, Any]
Call = Callable[[], Awaitable[Any]]
Calls = Dict[Any, Tuple[Call, int]]


class NoRabbitMQError(Exception):
    """Plain aio-pika does not get through to RabbitMQ, so that nothing can be measured."""


# --- what asv sees --------------------------------------------------------------------------------


class Benchmark:
    """What the classes have in common."""

    version = "1"
    """To be changed by a class that from now on measures something else; asv drops the old."""

    def setup(self, cache: Cache, *_params: Any) -> None:
        """Let asv skip what the release cannot do, with the reason."""
        if "skip" in cache:
            raise NotImplementedError(cache["skip"])


def parameters(**values: list[Any]) -> tuple[list[list[Any]], list[str]]:
    """The two attributes in which asv wants a class's parameters: params, param_names."""
    return list(values.values()), list(values)


def unit(name: str, *, higher_is_better: bool = False) -> Callable[[Any], Any]:
    """Give a ``track_`` function its unit; asv prints "seconds" and "bytes" in handy multiples."""

    def mark(track: Any) -> Any:
        track.unit = name
        if higher_is_better:
            track.higher_is_better = True
        return track

    return mark


class Round(NamedTuple):
    """What one turn took.

    `calls` returned in `seconds` of wall time and `cpu_seconds` of this process's CPU time.
    `latencies` is the wall time of each, in seconds, if no more than one was in flight.
    `trouble` says in a line what went wrong.
    """

    calls: int
    seconds: float
    cpu_seconds: float
    latencies: list[float]
    trouble: str = ""

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.calls / self.seconds

    @property
    def time(self) -> float:
        """Seconds per call."""
        return self.seconds / max(self.calls, 1)

    @property
    def cpu_time(self) -> float:
        """CPU seconds per call."""
        return self.cpu_seconds / max(self.calls, 1)


def failed(trouble: str) -> Round:
    """The round of a release that hung or raised: no call returned, and each took its deadline."""
    return Round(0, DEADLINE_SECONDS, DEADLINE_SECONDS, [DEADLINE_SECONDS], trouble)


def samples(rounds: list[Round], value: Callable[[Round], float]) -> dict[str, Any]:
    """What a ``track_`` function returns for asv to have a median and an interval.

    Prints what went wrong, if anything did; asv shows it with ``--show-stderr``.
    """
    if rounds[0].trouble:
        print(rounds[0].trouble)
    return {"samples": [value(r) for r in rounds], "number": 1}


def ratio(
    rounds: list[Round], plain: list[Round], value: Callable[[Round], float]
) -> dict[str, Any]:
    """`samples` of FastStream's value, each divided by plain aio-pika's of the same turn."""
    if plain[0].trouble:
        raise NoRabbitMQError(f"plain aio-pika: {plain[0].trouble}")
    found = samples(rounds, value)
    found["samples"] = [mine / value(p) for mine, p in zip(found["samples"], plain)]
    return found


def latency(rounds: list[Round], quantile: str) -> dict[str, Any]:
    """`samples` of a quantile of the latencies, in seconds; one for every two rounds.

    For one alone has too few calls for a p99.
    """
    found = samples(rounds, lambda r: r.time)
    pairs = zip(rounds[::2], rounds[1::2]) if len(rounds) > 1 else [rounds]
    pooled = [sorted(seconds for r in pair for seconds in r.latencies) for pair in pairs]
    found["samples"] = [p[int(QUANTILES[quantile] * len(p))] for p in pooled]
    return found


# --- processes ------------------------------------------------------------------------------------


def amqp_url() -> str:
    """The RabbitMQ to measure with."""
    url = os.environ.get("AMQP_URL")
    if not url:
        raise NoRabbitMQError("AMQP_URL must name a RabbitMQ, as amqp://user:password@host:port/")
    return url


def in_forks(*measurements: Callable[[str], Awaitable[Cache]]) -> Cache:
    """For `setup_cache`: what the measurements return, put together; each gets the URL.

    Each runs in a fork of this process: what a release keeps per process does not reach the next
    one, stuck tasks end with the fork, and FastStream is imported only once. ``{"skip": reason}``
    if it does not import.
    """
    url = amqp_url()
    try:
        compat.rabbit()
    except compat.NotImportableError as error:
        return {"skip": str(error)}
    cache: Cache = {}
    for measure in measurements:
        cache.update(_forked(measure, url))
    return cache


def _forked(measure: Callable[[str], Awaitable[Cache]], url: str) -> Cache:
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=lambda: send.send(_outcome(measure(url))))
    process.start()
    send.close()
    try:
        if not receive.poll(PROCESS_SECONDS):
            raise TimeoutError(f"a measurement took more than {PROCESS_SECONDS:.0f} s")
        return dict(_result(receive.recv()))
    except EOFError:
        raise RuntimeError("a measurement failed; see the traceback above") from None
    finally:
        process.kill()
        process.join()


@contextlib.contextmanager
def in_fresh_process(measure: Callable[[str], Awaitable[Any]], url: str) -> Iterator[Cache]:
    """Await `measure(url)` in a new interpreter, whose first act is to import FastStream.

    Gives ``{"import_seconds": float, "result": Any}``, or ``{"skip": reason}`` if it does not
    import, while the process still lives, and idles. `measure` is found by its name, and what it
    returns goes through JSON.
    """
    root = str(Path(__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", _FRESH, root, measure.__module__, measure.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "AMQP_URL": url},
    )
    assert process.stdout
    with process:
        try:
            if not select.select([process.stdout], [], [], PROCESS_SECONDS)[0]:
                raise TimeoutError(f"a measurement took more than {PROCESS_SECONDS:.0f} s")
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("a measurement failed; see the traceback above")
            answer = json.loads(line)
            if "outcome" in answer:
                answer["result"] = _result(answer.pop("outcome"))
            yield answer
        finally:
            process.kill()


_FRESH = """\
import json, sys, time
begin = time.perf_counter()
try:
    import faststream.rabbit
except Exception:
    pass
seconds = time.perf_counter() - begin
sys.path.insert(0, sys.argv[1])
from benchmarks import _measure
print(json.dumps(_measure.measured_here(seconds, *sys.argv[2:])), flush=True)
sys.stdin.read()
"""


def measured_here(import_seconds: float, module: str, name: str) -> dict[str, Any]:
    """The other side of `in_fresh_process`."""
    try:
        compat.rabbit()
    except compat.NotImportableError as error:
        return {"skip": str(error)}
    measure = getattr(importlib.import_module(module), name)
    return {"import_seconds": import_seconds, "outcome": _outcome(measure(amqp_url()))}


def awaited(measure: Callable[[str], Awaitable[Any]]) -> Any:
    """Await in this process, for good: what else is in the event loop stays as it is."""
    return _result(_outcome(measure(amqp_url())))


def _outcome(measuring: Awaitable[Any]) -> dict[str, Any]:
    """Await in a new event loop, and leave what else is in it as it is then."""
    compat.quiet()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return {"result": loop.run_until_complete(measuring)}
    except NoRabbitMQError as error:
        return {"no_rabbitmq": str(error)}


def _result(outcome: dict[str, Any]) -> Any:
    if "no_rabbitmq" in outcome:
        raise NoRabbitMQError(outcome["no_rabbitmq"])
    return outcome["result"]


def peak_memory() -> int:
    """The most physical memory that this process ever held, in bytes.

    On Linux not `ru_maxrss`: a new program inherits it from the process that started it, asv.
    """
    peak = _status("VmHWM")
    if peak is None:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: bytes, its own
    return peak


def own_memory() -> int:
    """The physical memory that this process holds and maps from no file, in bytes.

    How much of a file is resident is up to the page cache, and so to how it came onto the machine:
    3 % of all memory between two environments with the very same libraries.  Where the system does
    not tell them apart, the most that the process ever held.
    """
    own = _status("RssAnon")
    return peak_memory() if own is None else own


def _status(name: str) -> int | None:
    """What Linux says of the memory of this process, in bytes; see proc_pid_status(5)."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return None


# --- turns ----------------------------------------------------------------------------------------


class Plain:
    """Plain aio-pika: the measure of FastStream, and the control.

    Connected as FastStream connects: robust, publisher confirms on. It owns an exchange and a queue
    of one name to publish to. RabbitMQ removes both with the connection; the queue keeps no more
    than one message, so that its length does not matter.
    """

    def __init__(self) -> None:
        self.name = f"bench-{uuid.uuid4().hex}"

    async def connect(self, url: str) -> None:
        """Connect, and no more."""
        aio_pika = importlib.import_module("aio_pika")
        self.message = aio_pika.Message
        self.connection = await aio_pika.connect_robust(url)
        self.channel = await self.connection.channel()

    async def disconnect(self) -> None:
        """Close the connection."""
        await self.connection.close()

    async def open(self, url: str) -> None:
        """Connect and declare. Raises NoRabbitMQError."""
        try:
            await asyncio.wait_for(self._open(url), STEP_SECONDS)
        except Exception as error:  # aio-pika's, the system's, a timeout
            raise NoRabbitMQError(f"plain aio-pika: {type(error).__name__}: {error}") from error

    async def _open(self, url: str) -> None:
        await self.connect(url)
        # As FastStream's old releases declare an exchange whenever they publish to it.
        exchange = await self.channel.declare_exchange(
            self.name, "direct", durable=False, auto_delete=True
        )
        queue = await self.channel.declare_queue(
            self.name, exclusive=True, arguments={"x-max-length": 1}
        )
        await queue.bind(exchange, self.name)

    def publish(self, body: bytes = b"", queue: str = "") -> Any:
        """Publish to its own or another queue, through the default exchange; to be awaited."""
        return self.channel.default_exchange.publish(self.message(body), queue or self.name)

    async def check(self) -> None:
        """Raise NoRabbitMQError unless a publish gets through."""
        publishing = asyncio.ensure_future(self.publish())
        await asyncio.wait({publishing}, timeout=DEADLINE_SECONDS)
        if not publishing.done() or publishing.exception():
            raise NoRabbitMQError("RabbitMQ does not answer any more")


async def step(call: Awaitable[Any], plain: Plain) -> Any:
    """Await what is not measured, but has to work for anything to be."""
    task = asyncio.ensure_future(call)
    await asyncio.wait({task}, timeout=STEP_SECONDS)
    if not task.done():
        await plain.check()
        raise TimeoutError(f"a step before the measurement took more than {STEP_SECONDS:.0f} s")
    return task.result()


async def one_round(call: Call, in_flight: int, plain: Plain, seconds: float) -> Round:
    """Call again and again for `seconds`, at least once, with `in_flight` calls at a time."""
    latencies: list[float] = []

    async def caller() -> None:
        before = time.perf_counter()
        while True:
            await call()
            now = time.perf_counter()
            latencies.append(now - before)
            if now >= end:
                return
            before = now

    gc.collect()
    cpu, begin = time.process_time(), time.perf_counter()
    end = begin + seconds
    tasks = {asyncio.ensure_future(caller()) for _ in range(in_flight)}
    done, stuck = await asyncio.wait(
        tasks, timeout=seconds + DEADLINE_SECONDS, return_when=asyncio.FIRST_EXCEPTION
    )
    took, cpu = time.perf_counter() - begin, time.process_time() - cpu
    error = next((e for e in (task.exception() for task in done) if e), None)
    if error or stuck:
        await plain.check()
    if error:
        return failed(f"{type(error).__name__}: {error}")
    if stuck:
        return failed(f"hang: {len(stuck)} of {in_flight} calls did not return")
    return Round(len(latencies), took, cpu, latencies if in_flight == 1 else [])


async def in_turns(calls: Calls, plain: Plain, rounds: int = 0) -> dict[Any, list[Round]]:
    """Measure calls, ``{key: (call, in flight)}``, in turns, to and fro; `ROUNDS` unless told.

    A key that hangs or fails is given up, and has that one round.
    """
    results: dict[Any, list[Round]] = {key: [] for key in calls}
    with no_garbage_collection():
        for turn in range(1 + (rounds or ROUNDS)):
            for key in list(calls)[:: -1 if turn % 2 else 1]:
                if not given_up(results[key]):
                    measured = await one_round(*calls[key], plain, ROUND_SECONDS)
                    keep(results[key], measured, warm_up=not turn)
    return results


def keep(rounds: list[Round], measured: Round, *, warm_up: bool) -> None:
    """Add a round. A failed one stands for all, for that is what the release does."""
    if measured.trouble:
        rounds[:] = [measured]
    elif not warm_up:
        rounds.append(measured)


def given_up(rounds: list[Round]) -> bool:
    """Whether there is nothing more to measure."""
    return bool(rounds and rounds[0].trouble)


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Collect only when asked to, and then only what is new."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
