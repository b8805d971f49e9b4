"""The fault that advice is tried on: stopping leaves the running handler's message unfinished."""

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable

from benchmarks import compat
from benchmarks.scenarios._common import (
    BAD,
    GOOD,
    SETUP_SECONDS,
    UNTESTABLE,
    Bench,
    EarlyError,
    Observation,
    describe,
    watch,
)
from benchmarks.workarounds._common import HELPS, NO_HELP, NOT_NEEDED, NOT_TRIED, WORSE

WORK_SECONDS = 0.5
ENOUGH_SECONDS = 2.0  # that an application gives its handlers


class Case:
    """A subscriber at work, whose broker is stopped."""

    broker: Any

    def __init__(self, bench: Bench, name: str) -> None:
        self._bench, self._inbox = bench, f"{bench.name}-{name}"
        self._started, self.idle = asyncio.Event(), asyncio.Event()
        self.finished = 0
        self.stop_seconds = 0.0
        self.delivered_again = False

    async def stop(self, make: Callable[[], Any], stop: Callable[[Case], Awaitable[Any]]) -> None:
        """Stop a broker while its handler works on a message, and see what became of that.

        Raises EarlyError when `stop` does not return, or raises.
        """
        bench, channel, inbox = self._bench, self._bench.control.channel, self._inbox

        async def receive(_body: Any) -> None:
            self.idle.clear()
            self._started.set()
            await asyncio.sleep(WORK_SECONDS)
            self.finished += 1
            self.idle.set()

        self.broker = make()
        bench.finally_do(lambda: compat.close(self.broker))
        bench.finally_do(lambda: channel.queue_delete(inbox))
        queue = compat.make_queue(inbox, durable=True, auto_delete=True)
        compat.subscribe(self.broker, queue, receive)
        await bench.setup("starting the broker", compat.start(self.broker, bench.url))
        await bench.control.publish("work", queue=inbox)
        await bench.setup("receiving", self._started.wait())

        # The control waits beside the broker: it gets what RabbitMQ delivers again.
        got: list[str] = []
        marked = asyncio.Event()

        async def receive_again(message: Any) -> None:
            got.append(message.body.decode())
            if got[-1] == "mark":
                marked.set()

        await (await channel.get_queue(inbox)).consume(receive_again, no_ack=True)
        stopping = await watch(stop(self), SETUP_SECONDS)
        if not stopping.returned:
            seen = await bench.blame(stopping, "stopping as advised", {})
            raise EarlyError(seen._replace(outcome=WORSE) if seen.code == BAD else seen)
        self.stop_seconds = stopping.seconds
        await bench.control.publish("mark", queue=inbox)  # arrives after what is delivered again
        await bench.setup("taking over the queue", marked.wait())
        self.delivered_again = "work" in got


async def judge(
    bench: Bench, stop: Callable[[Case], Awaitable[Any]], **options: Any
) -> Observation:
    """Stop a broker made with `options` as advised, and one without any advice."""

    def make() -> Any:
        try:
            return compat.rabbit().RabbitBroker(bench.url, logger=None, **options)
        except TypeError as error:
            raise EarlyError(Observation(UNTESTABLE, NOT_TRIED, describe(error), {})) from error

    plain, advised = Case(bench, "plain"), Case(bench, "advised")
    await plain.stop(lambda: compat.make_broker(bench.url), lambda case: compat.close(case.broker))
    if plain.finished and not plain.delivered_again:
        reason = "without it the message is finished and acknowledged, too"
        return Observation(UNTESTABLE, NOT_NEEDED, reason, {})
    await advised.stop(make, stop)
    evidence = {
        "stop_seconds": round(advised.stop_seconds, 3),
        "finished": advised.finished,
        "delivered_again": advised.delivered_again,
    }
    if advised.finished and not advised.delivered_again:
        reason = f"finished and acknowledged, stopped in {advised.stop_seconds:.2f} s"
        return Observation(GOOD, HELPS, reason, evidence)
    if advised.finished:
        reason = "finished, but not acknowledged: it is delivered again"
        return Observation(BAD, NO_HELP, reason, evidence)
    reason = f"stopping returned in {advised.stop_seconds:.2f} s, before the handler"
    return Observation(BAD, NO_HELP, reason, evidence)
