"""What all scenarios share: the convention, deadlines, the control, the report, tidying up.

The convention is that of ``git bisect run``: a scenario exits with 0 = good, 1 = bad, 125 = cannot
be tested, 128 = abort (trouble that is not the release's). RabbitMQ is at ``AMQP_URL``; or, while
it may still be booting, ``PROBE_BROKER`` names a pipe that will tell the variables. It prints one
line that says what happened, and writes ``{"outcome", "reason", "evidence"}`` as JSON to the file
that ``PROBE_REPORT`` names, if any; and, while it still waits for what seems to hang, to the one
that ``PROBE_EARLY`` names.

Nothing stays on RabbitMQ, however the scenario ends, even by SIGKILL: queues are exclusive to a
connection or delete themselves with their last consumer, exchanges with their last queue. Names are
unique to the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import json
import os
import re
import sys
import time
import traceback
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Awaitable, Callable, NamedTuple
from urllib.parse import unquote, urlsplit

from benchmarks import compat
from benchmarks.scenarios._evidence import await_chain

if TYPE_CHECKING:
    from aio_pika.abc import AbstractChannel, AbstractConnection

GOOD, BAD, UNTESTABLE, ABORT = 0, 1, 125, 128
CONNECT_SECONDS = 10.0  # for RabbitMQ to answer at all
SETUP_SECONDS = 10.0  # for a step that is not the one in question
TIDY_SECONDS = 0.5  # for each step of tidying up: the process is about to end anyway
FLOOR_SECONDS = 1.0  # no deadline is shorter
GENEROUS = 20  # a deadline is this many times what was measured before
EARLY_SECONDS = 0.25  # no hang is called earlier,
EARLY_PUBLISHES = 30  # nor before plain aio-pika published so often meanwhile
SECRET_LENGTH = 6  # shorter passwords, as guest, are no secret, and words of other texts


class Observation(NamedTuple):
    """What a scenario saw.

    `code` is GOOD, BAD, UNTESTABLE or ABORT; `outcome` one word; `reason` one line; `evidence` is
    what JSON can hold.
    """

    code: int
    outcome: str
    reason: str
    evidence: dict[str, Any]


class EarlyError(Exception):
    """Ends a scenario early, with its observation."""

    def __init__(self, observation: Observation) -> None:
        super().__init__(observation.reason)
        self.observation = observation


class Call(NamedTuple):
    """A call that was watched until `deadline` (s); `error` is what it raised, if it did."""

    task: asyncio.Future[Any]
    seconds: float
    deadline: float

    @property
    def stuck(self) -> bool:
        return not self.task.done()

    @property
    def error(self) -> BaseException | None:
        if self.stuck:
            return None
        return asyncio.CancelledError() if self.task.cancelled() else self.task.exception()

    @property
    def returned(self) -> bool:
        return not self.stuck and self.error is None


async def watch(call: Awaitable[Any], deadline: float) -> Call:
    """Run `call` for up to `deadline` seconds and leave it as it is then.

    Not `wait_for`: it cancels, and cancelling a stuck call makes some releases raise an unrelated
    exception, so that a hang looks like an error.
    """
    task = asyncio.ensure_future(call)
    begin = time.perf_counter()
    await asyncio.wait({task}, timeout=deadline)
    return Call(task, time.perf_counter() - begin, deadline)


def deadline_after(seconds: float) -> float:
    """The deadline for what took `seconds` before."""
    return max(FLOOR_SECONDS, GENEROUS * seconds)


def describe(error: BaseException | None) -> str:
    """The type and the first line of the text of an exception, without addresses in memory."""
    text = re.sub(r"( object)? at 0x[0-9a-f]+", "", str(error)).strip().splitlines()
    return type(error).__name__ + (f": {text[0]}" if text else "")


class Control:
    """Plain aio-pika on the same RabbitMQ, connected from beginning to end.

    It owns the exchange and the queue that the release publishes to, and tells a release that hangs
    from a RabbitMQ that does.
    """

    connection: AbstractConnection
    channel: AbstractChannel

    def __init__(self, name: str) -> None:
        self.exchange = self.queue = self.key = name
        self.open_seconds = self.publish_seconds = 0.0  # what they took at the beginning

    async def open(self, url: str) -> None:
        """Connect, declare, and publish once. Raises what aio-pika raises."""
        aio_pika = importlib.import_module("aio_pika")
        begin = time.perf_counter()
        self.connection = await aio_pika.connect(url)
        self.channel = await self.connection.channel()  # publisher confirms are on
        exchange = await self.channel.declare_exchange(
            self.exchange, "direct", durable=False, auto_delete=True
        )
        queue = await self.channel.declare_queue(self.queue, exclusive=True)
        await queue.bind(exchange, self.key)
        self.open_seconds = time.perf_counter() - begin
        self._exchange, self._queue, self._message = exchange, queue, aio_pika.Message
        begin = time.perf_counter()
        await self.publish()
        self.publish_seconds = time.perf_counter() - begin

    async def publish(self, body: str = "control", queue: str = "") -> None:
        """Publish, with confirm, to the exchange, or straight to `queue`."""
        exchange = self.channel.default_exchange if queue else self._exchange
        message = self._message(body.encode(), content_type="text/plain")
        await exchange.publish(message, queue or self.key)

    async def answers(self) -> dict[str, Any]:
        """Whether a publish gets through now: ``{"answered": bool, "seconds": float}``."""
        call = await watch(self.publish(), deadline_after(self.publish_seconds))
        call.task.cancel()
        return {"answered": call.returned, "seconds": round(call.seconds, 4)}

    async def received(self) -> list[str]:
        """The bodies in the control's queue, which this empties."""
        bodies: list[str] = []
        while True:
            message = await self._queue.get(no_ack=True, fail=False)
            if message is None:
                return bodies
            bodies.append(message.body.decode())

    async def close(self) -> None:
        """Close. The queue goes with the connection, and the exchange with the queue."""
        await self.connection.close()


class Bench:
    """What a scenario works with: the URL, a connected control, and brokers of FastStream's."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = f"bench-{uuid.uuid4().hex}"
        self.control = Control(self.name)
        self._closers: list[Callable[[], Awaitable[Any]]] = []

    def finally_do(self, close: Callable[[], Awaitable[Any]]) -> None:
        """Do this after the report, last added first, each for a bounded time."""
        self._closers.append(close)

    def broker(self, url: str = "") -> Any:
        """A FastStream broker for `url` (default: RabbitMQ itself) that is closed afterwards."""
        broker = compat.make_broker(url or self.url)
        self.finally_do(lambda: compat.close(broker))
        return broker

    async def setup(self, what: str, call: Awaitable[Any]) -> Call:
        """Do a step that has to work for the release to be tested at all."""
        done = await watch(call, SETUP_SECONDS)
        if not done.returned:
            seen = await self.blame(done, what, {})
            code = ABORT if seen.code == ABORT else UNTESTABLE
            outcome = seen.outcome if seen.code == ABORT else "untestable"
            raise EarlyError(seen._replace(code=code, outcome=outcome))
        return done

    async def watch(self, call: Awaitable[Any], longest: float) -> Call:
        """Watch a call up to the deadline for what took `longest` seconds before.

        A hang is called early (PROBE_EARLY) as soon as plain aio-pika published so often that no
        slow machine explains it: whatever slows the call down, processor, RabbitMQ or event loop,
        slows those publishes down, too.  The call is watched on.
        """
        deadline = deadline_after(longest)
        task, begin = asyncio.ensure_future(call), time.perf_counter()
        early = os.environ.get("PROBE_EARLY")
        if early:
            await self._call_early(task, max(EARLY_SECONDS, GENEROUS * longest), deadline, early)
        left = begin + deadline - time.perf_counter()
        await asyncio.wait({task}, timeout=max(left, 0))
        return Call(task, time.perf_counter() - begin, deadline)

    async def _call_early(
        self, task: asyncio.Future[Any], enough: float, deadline: float, path: str
    ) -> None:
        """Write that a call hangs, once it took `enough` seconds and aio-pika published enough."""
        begin, published = time.perf_counter(), 0
        while published < EARLY_PUBLISHES:
            seconds = time.perf_counter() - begin
            if task.done() or seconds >= deadline:
                return
            published += (await watch(self.control.publish(), deadline - seconds)).returned
        await asyncio.wait({task}, timeout=max(begin + enough - time.perf_counter(), 0))
        seconds = time.perf_counter() - begin
        if not task.done() and seconds < deadline:
            reason = (
                f"no answer in {seconds:.2g} s, while plain aio-pika published {published} times"
            )
            evidence = {"early": True, "published_meanwhile": published}
            _write(Observation(BAD, "hang", reason, evidence), path)
            print(f"so far: {reason}", flush=True)

    async def blame(self, call: Call, what: str, evidence: dict[str, Any]) -> Observation:
        """The observation for a call that is stuck or raised.

        Bad only if plain aio-pika gets through in this very moment; otherwise nothing can be said
        about the release. Adds `control`, and `await_chain` or `error`, to `evidence`.
        """
        if call.stuck:
            evidence["await_chain"] = await_chain(call.task)
            outcome, reason = "hang", f"{what} did not return within {call.deadline:.2g} s"
        else:
            evidence["error"] = describe(call.error)
            outcome, reason = "error", f"{what} raised {evidence['error']}"
        control = evidence["control"] = await self.control.answers()
        if not control["answered"]:
            return _no_rabbitmq(f"{reason}, but neither does plain aio-pika get through", evidence)
        reason += f", while plain aio-pika got through in {control['seconds']:.3f} s"
        return Observation(BAD, outcome, reason, evidence)

    async def tidy(self) -> None:
        for close in reversed([self.control.close, *self._closers]):
            done = await watch(close(), TIDY_SECONDS)
            _ = done.error  # seen: not to be logged


def _no_rabbitmq(reason: str, evidence: dict[str, Any]) -> Observation:
    return Observation(ABORT, "no answer from RabbitMQ", reason, evidence)


def report(seen: Observation) -> int:
    """Print the line, write the JSON, and return the exit code."""
    text = json.dumps(seen._asdict())
    urls = [value for name, value in os.environ.items() if name.startswith("AMQP_URL")]
    for encoded in [urlsplit(url).password or "" for url in urls]:
        for password in (encoded, unquote(encoded)):
            if len(password) >= SECRET_LENGTH:  # an exception may quote the URL
                text = text.replace(json.dumps(password)[1:-1], "***")
    seen = Observation(**json.loads(text))
    path = os.environ.get("PROBE_REPORT")
    if path:
        _write(seen, path)
    print(f"{seen.outcome}: {seen.reason}", flush=True)
    return seen.code


def _write(seen: Observation, path: str) -> None:
    """All of it or nothing: somebody may be waiting for the file."""
    told = {k: v for k, v in seen._asdict().items() if k != "code"}
    part = Path(f"{path}.part")
    part.write_text(json.dumps(told, indent=2), encoding="utf-8")
    part.replace(path)


async def _run(probe: Callable[[Bench], Awaitable[Observation]], url: str) -> int:
    bench = Bench(url)
    opened = await watch(bench.control.open(url), CONNECT_SECONDS)
    if not opened.returned:
        place = urlsplit(url)
        why = describe(opened.error) if opened.error else f"no answer in {opened.deadline:.3g} s"
        return report(_no_rabbitmq(f"plain aio-pika at {place.hostname}:{place.port}: {why}", {}))
    try:
        return report(await probe(bench))
    except EarlyError as early:
        return report(early.observation)
    except Exception as error:
        if _raised_in(error).startswith("benchmarks"):
            raise  # a fault of the scenario's own
        if not (await bench.control.answers())["answered"]:
            return report(_no_rabbitmq(describe(error), {}))
        return report(Observation(UNTESTABLE, "untestable", describe(error), {}))
    finally:
        await bench.tidy()


def _raised_in(error: BaseException) -> str:
    """The module whose code raised an exception."""
    *_, (frame, _line) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__", ""))


def importable() -> int:
    """0 if the release imports; otherwise report why not and return the exit code."""
    gc.disable()  # in an import hardly anything is garbage, and looking for it takes time
    try:
        compat.rabbit()
    except compat.NotImportableError as error:
        return report(Observation(UNTESTABLE, "unimportable", str(error), {}))
    except ModuleNotFoundError:
        return report(
            Observation(ABORT, "no release", "FastStream is not installed in this environment", {})
        )
    finally:
        gc.freeze()  # what was imported stays: not to be looked through again and again
        gc.enable()
    return 0


def find_broker() -> int:
    """0 once it is known where RabbitMQ is; otherwise report why not and return the exit code."""
    pipe = os.environ.get("PROBE_BROKER")
    if pipe:
        with Path(pipe).open(encoding="utf-8") as told:
            os.environ.update(json.loads(told.readline()))
    if urlsplit(os.environ.get("AMQP_URL", "")).hostname:
        return 0
    need = "AMQP_URL must name a RabbitMQ, as amqp://user:password@host:port/"
    return report(Observation(ABORT, "no AMQP_URL", need, {}))


def leave(code: int) -> None:
    """End the process now: tasks that hang would keep asyncio, and exit handlers, waiting."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main(probe: Callable[[Bench], Awaitable[Observation]]) -> None:
    """Run a scenario as a program. Does not return."""
    try:
        code = importable() or find_broker()
        if not code:
            compat.quiet()
            loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
            code = loop.run_until_complete(_run(probe, os.environ["AMQP_URL"]))
    except BaseException as error:  # a fault of the scenario's own is never a verdict
        traceback.print_exc()
        code = ABORT
        with contextlib.suppress(OSError):
            report(Observation(ABORT, "scenario failed", describe(error), {}))
    leave(code)
