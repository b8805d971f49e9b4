"""What receiving costs, and asking and being answered, beside plain aio-pika doing the same."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any, Awaitable, Callable

from benchmarks import _measure, compat
from benchmarks._measure import FASTSTREAM, PLAIN, QUANTILES, Cache, Plain, Round

CLIENTS = [FASTSTREAM, PLAIN]
MESSAGES, BATCH = 300, 100
BODY = b"x" * 1024
EXPIRY = {"x-expires": 60_000}
"""Arguments of a queue (ms). It can't be exclusive: FastStream has a connection of its own."""


async def consume_in_turns(url: str, rounds: int = _measure.ROUNDS) -> Cache:
    """The rounds by ("consume", client). Every turn has a queue of its own, filled beforehand."""
    plain = Plain()
    await plain.open(url)
    turns = [(turn, client) for turn in range(1 + rounds) for client in CLIENTS]
    queues = await filled_queues(plain, len(turns))
    results: dict[str, list[Round]] = {client: [] for client in CLIENTS}
    for queue, (turn, client) in zip(queues, turns):
        if not _measure.given_up(results[client]):
            measured = await emptied(queue, client, url, plain)
            _measure.keep(results[client], measured, warm_up=not turn)
    for queue in queues:
        await plain.channel.queue_delete(queue)
    return {("consume", client): found for client, found in results.items()}


async def emptied(queue: str, client: str, url: str, plain: Plain) -> Round:
    """Measure how one of the `CLIENTS` receives all that is in a queue."""
    inbox = Inbox()
    with _measure.no_garbage_collection():
        stop = await _measure.step(_STARTS[client](queue, inbox, url, plain), plain)
        measured = await inbox.filled(plain)
    await _measure.step(stop(), plain)
    return measured


async def _start_faststream(queue: str, inbox: Inbox, url: str, _plain: Plain) -> _measure.Call:
    broker = compat.make_broker(url)
    source = compat.make_queue(queue, durable=False, arguments=EXPIRY)
    compat.subscribe(broker, source, inbox.receive)
    await compat.start(broker, url)
    return lambda: compat.close(broker)


async def _start_plain(queue: str, inbox: Inbox, _url: str, plain: Plain) -> _measure.Call:
    async def handle(message: Any) -> None:
        async with message.process():
            await inbox.receive(message.body)

    source = await plain.channel.get_queue(queue, ensure=False)
    tag = await source.consume(handle)
    return lambda: source.cancel(tag)


_STARTS = {FASTSTREAM: _start_faststream, PLAIN: _start_plain}


async def filled_queues(plain: Plain, count: int) -> list[str]:
    """Return the names of queues that have `MESSAGES` messages in them."""
    queues = [f"{plain.name}-{uuid.uuid4().hex[:8]}" for _ in range(count)]
    await _measure.step(_fill(queues, plain), plain)
    return queues


async def _fill(queues: list[str], plain: Plain) -> None:
    """Put `MESSAGES` messages into every queue; a fanout exchange does it for all at once."""
    fanout = await plain.channel.declare_exchange(
        f"{plain.name}-fanout", "fanout", auto_delete=True
    )
    for name in queues:
        queue = await plain.channel.declare_queue(name, arguments=EXPIRY)
        await queue.bind(fanout)
    for _ in range(MESSAGES // BATCH):
        await asyncio.gather(*(fanout.publish(plain.message(BODY), "") for _ in range(BATCH)))


class Inbox:
    """What a consumer gets, timed from the first message to the last."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._cpu: list[float] = []
        self._full = asyncio.Event()

    async def receive(self, _body: Any) -> None:
        """Count one message."""
        self._times.append(time.perf_counter())
        if len(self._times) in (1, MESSAGES):
            self._cpu.append(time.process_time())
        if len(self._times) == MESSAGES:
            self._full.set()

    async def filled(self, plain: Plain) -> Round:
        """Wait until all messages are there, or none has come for the length of the deadline."""
        full = asyncio.ensure_future(self._full.wait())
        before = -1
        while not full.done() and len(self._times) > before:
            before = len(self._times)
            await asyncio.wait({full}, timeout=_measure.DEADLINE_SECONDS)
        if not full.done():
            await plain.check()
            return _measure.failed(f"hang: {len(self._times)} of {MESSAGES} messages arrived")
        seconds = self._times[MESSAGES - 1] - self._times[0]
        return Round(MESSAGES - 1, seconds, self._cpu[1] - self._cpu[0], [])


async def request_in_turns(url: str, rounds: int = _measure.ROUNDS) -> Cache:
    """The rounds by ("request", client); each answers its own requests."""
    plain = Plain()
    await plain.open(url)
    calls = {("request", client): call for client, call in (await asking(url, plain)).items()}
    return await _measure.in_turns(calls, plain, rounds)


async def asking(url: str, plain: Plain) -> _measure.Calls:
    """How each of the `CLIENTS` asks itself, and is answered."""
    queues = {client: f"{plain.name}-{client.lower()}" for client in CLIENTS}

    async def echo(body: Any) -> Any:
        return body

    broker = compat.make_broker(url)
    compat.subscribe(broker, compat.make_queue(queues[FASTSTREAM], exclusive=True), echo)
    await _measure.step(compat.start(broker, url), plain)
    ask = await _measure.step(_plain_requests(queues[PLAIN], plain), plain)
    calls: _measure.Calls = {
        FASTSTREAM: (lambda: compat.request(broker, "ping", queues[FASTSTREAM]), 1),
        PLAIN: (lambda: ask(b"ping"), 1),
    }
    for call, _ in calls.values():
        answer = await _measure.step(call(), plain)
        if answer not in ("ping", b"ping"):
            raise ValueError(f"asked with 'ping', answered with {answer!r}")
    return calls


async def _plain_requests(queue: str, plain: Plain) -> Callable[[bytes], Awaitable[bytes]]:
    """Answer requests at `queue`, and return the function that asks there.

    By RabbitMQ's direct reply-to, as FastStream does it, but with one consumer for all replies.
    """
    reply_to = "amq.rabbitmq.reply-to"
    publish = plain.channel.default_exchange.publish
    waiting: dict[str, asyncio.Future[bytes]] = {}

    async def echo(message: Any) -> None:
        async with message.process():
            reply = plain.message(message.body, correlation_id=message.correlation_id)
            await publish(reply, message.reply_to)

    async def receive(reply: Any) -> None:
        waiting.pop(reply.correlation_id).set_result(reply.body)

    async def ask(body: bytes) -> bytes:
        key = uuid.uuid4().hex
        waiting[key] = asyncio.get_running_loop().create_future()
        await publish(plain.message(body, correlation_id=key, reply_to=reply_to), queue)
        return await waiting[key]

    await (await plain.channel.declare_queue(queue, exclusive=True)).consume(echo)
    await (await plain.channel.get_queue(reply_to, ensure=False)).consume(receive, no_ack=True)
    return ask


def setup_cache() -> Cache:
    """Measure everything once; the benchmarks below read from it."""
    return _measure.in_forks(consume_in_turns, request_in_turns)


class Consume(_measure.Benchmark):
    """A subscriber with 300 messages of 1 KiB waiting for it; each is acknowledged."""

    params, param_names = _measure.parameters(client=CLIENTS)

    @_measure.unit("msg/s", higher_is_better=True)
    def track_throughput(self, cache: Cache, client: str) -> dict[str, Any]:
        """Messages received per second."""
        return _measure.samples(cache["consume", client], lambda r: r.rate)

    @_measure.unit("seconds")
    def track_cpu_time_per_message(self, cache: Cache, client: str) -> dict[str, Any]:
        """CPU time of the receiving process."""
        return _measure.samples(cache["consume", client], lambda r: r.cpu_time)


class Request(_measure.Benchmark):
    """Ask a subscriber in the same process and wait for the answer, one question at a time."""

    params, param_names = _measure.parameters(client=CLIENTS, quantile=list(QUANTILES))

    @_measure.unit("seconds")
    def track_latency(self, cache: Cache, client: str, quantile: str) -> dict[str, Any]:
        """From the call to the answer."""
        return _measure.latency(cache["request", client], quantile)


class ConsumeRatio(_measure.Benchmark):
    """What FastStream adds: its cost as a multiple of plain aio-pika's. This travels."""

    params, param_names = _measure.parameters(what=["consume", "request"])

    @_measure.unit(_measure.RATIO)
    def track_time(self, cache: Cache, what: str) -> dict[str, Any]:
        """Wall time per message."""
        return _measure.ratio(cache[what, FASTSTREAM], cache[what, PLAIN], lambda r: r.time)

    @_measure.unit(_measure.RATIO)
    def track_cpu_time(self, cache: Cache, what: str) -> dict[str, Any]:
        """CPU time per message."""
        return _measure.ratio(cache[what, FASTSTREAM], cache[what, PLAIN], lambda r: r.cpu_time)
