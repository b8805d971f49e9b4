"""What it costs to import FastStream, to open and close brokers, and what they leave behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import tracemalloc
from typing import Any, AsyncIterator, Callable, Coroutine, Iterator
from urllib.parse import urlsplit

from benchmarks import _measure, compat
from benchmarks._measure import FASTSTREAM, PLAIN, Cache, Call, Plain, Round
from benchmarks.scenarios._proxy import (
    CHANNEL_CLOSE,
    CHANNEL_OPEN,
    END,
    SERVER,
    Event,
    Link,
    Proxy,
)

CLIENTS = [FASTSTREAM, PLAIN]
FRESH, REUSED = "fresh", "re-used"
OPENINGS = 10
WARM_UP_CYCLES, CYCLES = 5, 50
BATCHES, FEW_BATCHES, IN_FLIGHT = 20, 3, 100
SETTLE_SECONDS = 0.5
BODY = b"x" * 1024


# --- each of these has a process of its own -------------------------------------------------------


async def open_and_close(url: str) -> list[Any]:
    """The rounds as [client, step, rounds]; `FRESH` is all steps, for one message."""
    plain = Plain()
    await plain.open(url)
    results = await openings(url, plain, OPENINGS)
    broker = compat.make_broker(url)
    await _measure.step(compat.start(broker, url), plain)
    calls: _measure.Calls = {
        (FASTSTREAM, REUSED): (lambda: broker.publish(BODY, plain.name), 1),
        (PLAIN, REUSED): (lambda: plain.publish(BODY), 1),
    }
    results.update(await _measure.in_turns(calls, plain))
    return [[client, step, rounds] for (client, step), rounds in results.items()]


async def openings(url: str, plain: Plain, turns: int) -> dict[tuple[str, str], list[Round]]:
    """The rounds by (client, step): a client is opened, publishes a message, and is closed."""
    results: dict[tuple[str, str], list[Round]] = {}
    for turn in range(1 + turns):
        for client in CLIENTS:
            if _measure.given_up(results.get((client, FRESH), [])):
                continue
            steps = await opening(client, url, plain)
            alone = bool(steps[FRESH].trouble)  # there will be no other: it has to do
            for step, measured in steps.items():
                rounds = results.setdefault((client, step), [])
                _measure.keep(rounds, measured, warm_up=not turn and not alone)
    return results


async def opening(client: str, url: str, plain: Plain) -> dict[str, Round]:
    """A round for each step, of one of the `CLIENTS`."""
    return await _one_message(_STEPS[client](url, plain), plain)


def _faststream_steps(url: str, plain: Plain) -> dict[str, Call]:
    broker = compat.make_broker(url)
    return {
        "open": lambda: compat.start(broker, url),
        "publish": lambda: broker.publish(BODY, plain.name),
        "close": lambda: compat.close(broker),
    }


def _plain_steps(url: str, plain: Plain) -> dict[str, Call]:
    another = Plain()
    return {
        "open": lambda: another.connect(url),
        "publish": lambda: another.publish(BODY, plain.name),
        "close": another.disconnect,
    }


_STEPS = {FASTSTREAM: _faststream_steps, PLAIN: _plain_steps}


async def _one_message(steps: dict[str, Call], plain: Plain) -> dict[str, Round]:
    """A round for each step and one for all; where a step fails, the rest fail with it."""
    rounds: dict[str, Round] = {}
    trouble = ""
    with _measure.no_garbage_collection():
        for step, call in steps.items():
            rounds[step] = (
                _measure.failed(trouble)
                if trouble
                else await _measure.one_round(call, 1, plain, seconds=0.0)
            )
            trouble = rounds[step].trouble
    seconds = sum(r.seconds for r in rounds.values())
    rounds[FRESH] = _measure.failed(trouble) if trouble else Round(1, seconds, 0.0, [])
    return rounds


async def leave_behind(url: str) -> dict[str, int]:
    """What this process still has after `CYCLES` cycles: {"tasks": count, "memory": bytes}."""
    await _cycle(url, WARM_UP_CYCLES)
    gc.collect()
    tracemalloc.start()
    await _cycle(url, CYCLES)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    if tasks:
        _, tasks = await asyncio.wait(tasks, timeout=SETTLE_SECONDS)
    gc.collect()
    return {"tasks": len(tasks), "memory": tracemalloc.get_traced_memory()[0]}


async def _cycle(url: str, times: int) -> None:
    for _ in range(times):
        broker = compat.make_broker(url)
        for call in (
            lambda broker=broker: compat.start(broker, url),
            lambda broker=broker: broker.publish(BODY, "nowhere", mandatory=False),
            lambda broker=broker: compat.close(broker),
        ):
            await asyncio.wait_for(call(), _measure.STEP_SECONDS)


async def publish_much(url: str) -> int:
    """The peak memory of this process, in bytes, when it has published 2000 messages."""
    async for _ in _published(url, BATCHES):
        pass
    return _measure.peak_memory()


async def publish_some(url: str) -> int:
    """The most that this process holds of its own, in bytes, while it publishes 300 messages.

    Looked at after each 100, for what is held for a moment is chance: while a table of Python's
    grows there are two of it, 1.5 MB, and which import makes it grow differs.
    """
    return max([_measure.own_memory() async for _ in _published(url, FEW_BATCHES)])


async def _published(url: str, batches: int) -> AsyncIterator[None]:
    plain = Plain()
    await plain.open(url)
    broker = compat.make_broker(url)
    await _measure.step(compat.start(broker, url), plain)
    for _ in range(batches):
        calls = (broker.publish(BODY, plain.name) for _ in range(IN_FLIGHT))
        await _measure.step(asyncio.gather(*calls), plain)
        yield


# --- around them ----------------------------------------------------------------------------------


@contextlib.contextmanager
def proxied(url: str) -> Iterator[tuple[str, Callable[[], dict[str, int]]]]:
    """The URL of a proxy before RabbitMQ, and a function that counts what is open there.

    The proxy is in a thread of this process, not in the one that is measured.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(call: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(call, loop).result(_measure.STEP_SECONDS)

    proxy = Proxy(url)
    run(proxy.listen())
    try:
        yield proxy.url, lambda: run(_still_open(proxy.links))
    finally:
        run(proxy.cut())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _still_open(links: list[Link]) -> dict[str, int]:
    """{"connections": count, "channels": count} that RabbitMQ opened and did not close."""
    closing = [asyncio.ensure_future(link.until(Event(SERVER, END))) for link in links]
    await asyncio.wait(closing, timeout=SETTLE_SECONDS)
    left = [link for link, closed in zip(links, closing) if not closed.done()]
    return {"connections": len(left), "channels": sum(map(_open_channels, left))}


def _open_channels(link: Link) -> int:
    channels: set[int] = set()
    for event in link.events:
        if event.method == CHANNEL_OPEN:
            channels.add(event.channel)
        elif event.method == CHANNEL_CLOSE:
            channels.discard(event.channel)
    return len(channels)


def setup_cache() -> Cache:
    """Measure everything once; the benchmarks below read from it."""
    url = _measure.amqp_url()
    with _measure.in_fresh_process(publish_much, url) as first:
        if "skip" in first:
            return first
    with _measure.in_fresh_process(open_and_close, url) as second:
        pass
    cache: Cache = {
        "import": [first["import_seconds"], second["import_seconds"]],
        "peak": first["result"],
    }
    for client, step, rounds in second["result"]:
        cache[client, step] = [Round(*r) for r in rounds]
    if urlsplit(url).scheme == "amqp":  # the proxy has to read what goes through it
        with proxied(url) as (proxy_url, still_open):
            with _measure.in_fresh_process(leave_behind, proxy_url) as third:
                cache["left"] = {**third["result"], **still_open()}
            cache["import"].append(third["import_seconds"])
    return cache


class Import(_measure.Benchmark):
    """``import faststream.rabbit`` in a new interpreter, whose own start is not counted."""

    @_measure.unit("seconds")
    def track_time(self, cache: Cache) -> dict[str, Any]:
        """One sample a process."""
        return {"samples": cache["import"], "number": 1}


class OpenAndClose(_measure.Benchmark):
    """A broker is started and closed; of plain aio-pika, a robust connection with a channel."""

    params, param_names = _measure.parameters(client=CLIENTS)

    @_measure.unit("seconds")
    def track_open_time(self, cache: Cache, client: str) -> dict[str, Any]:
        """Until the first message can be published."""
        return _measure.samples(cache[client, "open"], lambda r: r.time)

    @_measure.unit("seconds")
    def track_close_time(self, cache: Cache, client: str) -> dict[str, Any]:
        """After one message."""
        return _measure.samples(cache[client, "close"], lambda r: r.time)


class Reuse(_measure.Benchmark):
    """What it is worth to re-use a broker."""

    params, param_names = _measure.parameters(client=CLIENTS, broker=[FRESH, REUSED])

    @_measure.unit("seconds")
    def track_time_per_message(self, cache: Cache, *params: str) -> dict[str, Any]:
        """To publish 1 KiB; for a fresh broker, opening and closing it are part of that."""
        return _measure.samples(cache[params], lambda r: r.time)


class LeftBehind(_measure.Benchmark):
    """What is left of 50 brokers that were opened, published one message each, and were closed."""

    def setup(self, cache: Cache, *_params: Any) -> None:
        """Skip also what can't be measured at this RabbitMQ."""
        super().setup(cache)
        if "left" not in cache:
            raise NotImplementedError("reads AMQP frames and needs an amqp:// URL, not amqps://")

    @_measure.unit("connections")
    def track_connections(self, cache: Cache) -> int:
        """What RabbitMQ holds open, as a proxy before it sees."""
        return int(cache["left"]["connections"])

    @_measure.unit("channels")
    def track_channels(self, cache: Cache) -> int:
        """Open ones on these connections."""
        return int(cache["left"]["channels"])

    @_measure.unit("tasks")
    def track_tasks(self, cache: Cache) -> int:
        """Tasks of asyncio that have not ended."""
        return int(cache["left"]["tasks"])

    @_measure.unit("bytes")
    def track_memory(self, cache: Cache) -> int:
        """Memory that Python allocated and the garbage collector does not free."""
        return int(cache["left"]["memory"])


class PeakMemory(_measure.Benchmark):
    """The most physical memory that a process ever holds."""

    @_measure.unit("bytes")
    def track_publishing(self, cache: Cache) -> int:
        """While it publishes 2000 messages of 1 KiB, 100 in flight."""
        return int(cache["peak"])
