"""The fault that advice is tried on: ag2ai/faststream#1579.

RabbitMQ goes away, and a publish hangs until it is back, instead of saying so.
"""

from __future__ import annotations

import asyncio

from benchmarks.scenarios._common import (
    BAD,
    UNTESTABLE,
    Bench,
    EarlyError,
    Observation,
    describe,
    watch,
)
from benchmarks.scenarios._proxy import Proxy
from benchmarks.workarounds import _common
from benchmarks.workarounds._common import (
    HELPS,
    NO_HELP,
    NOT_NEEDED,
    PATIENCE,
    STUCK,
    WORSE,
    Publish,
)

NOTICE_SECONDS = 0.2  # as in the scenario
BACK_SECONDS = 15.0  # to find RabbitMQ again: robust connections try every 5 s
PAUSE_SECONDS = 0.1
AWAY = "while away"  # the body of what is published while RabbitMQ is away


class Case(_common.Case):
    """A broker that loses RabbitMQ, and finds it again."""

    def __init__(self, bench: Bench, proxy: Proxy) -> None:
        super().__init__(bench, proxy.url)
        self._proxy = proxy

    @classmethod
    async def begin(cls, bench: Bench) -> Case:
        """A broker that has been started, with a proxy between it and RabbitMQ."""
        proxy = Proxy(bench.url)
        await proxy.listen()
        case = cls(bench, proxy)
        await case.start()
        return case

    async def lose(self) -> None:
        """Lose RabbitMQ; a publish without any advice is left as it is.

        Raises EarlyError ("not needed") when it is not stuck.
        """
        await self._proxy.cut()
        await asyncio.sleep(NOTICE_SECONDS)
        plain = await watch(self.publish(STUCK), self.deadline)
        if not plain.stuck:
            told = f"raises {describe(plain.error)}" if plain.error else "returns"
            await self._proxy.listen()
            reason = f"without it publishing does not hang either: it {told}"
            raise EarlyError(Observation(UNTESTABLE, NOT_NEEDED, reason, self.evidence))

    async def judge(self, publish: Publish) -> Observation:
        """Publish as advised while RabbitMQ is away, and when it is back."""
        away = await watch(publish(AWAY), self.deadline + PATIENCE)
        hung = away.stuck
        self.evidence["away"] = "stuck" if hung else describe(away.error) if away.error else "works"
        away.task.cancel()
        await self._proxy.listen()
        back = await watch(self._until_back(publish), BACK_SECONDS)
        if not back.returned:
            if not hung:
                self.worse("it does not publish again when RabbitMQ is back")
            return await self.failed("publishing once RabbitMQ is back", back)
        self.evidence["back_seconds"] = round(back.seconds, 2)
        seen = await self.try_out(publish)
        if seen.outcome != HELPS:
            return seen
        if hung:
            reason = (
                f"publishing while RabbitMQ is away did not return within {away.deadline:.3g} s"
            )
            return Observation(BAD, NO_HELP, reason, self.evidence)
        if not away.error:
            reason = "it returned while RabbitMQ was away, as if the message were published"
            return Observation(BAD, WORSE, reason, self.evidence)
        told = f"raised {self.evidence['away']} while RabbitMQ was away"
        if self.arrived[AWAY]:
            told += ", and the message arrived later all the same"
        return seen._replace(reason=f"{told}; {seen.reason}")

    async def _until_back(self, publish: Publish) -> None:
        while True:
            call = await watch(publish("back"), self.deadline + PATIENCE)
            if call.returned:
                break
            call.task.cancel()
            await asyncio.sleep(PAUSE_SECONDS)
        while not (await watch(self._receive(), self.deadline)).returned:
            pass  # the consumer comes back by itself, too
        self._sent = self._received
