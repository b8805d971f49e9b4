"""The RabbitMQ that all probes of a run share: who computes beside it, and how many at a time."""

from __future__ import annotations

import asyncio
import os

import pytest

from bisector.errors import OutsideError
from bisector.rabbitmq import BrokerError, Server, Source
from bisector.rabbitmq.broker import DEATHS, Broker

PROCESSORS = 3


def quiet(_text: str) -> None:
    """Be told, and do nothing."""


@pytest.fixture(autouse=True)
def _processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: PROCESSORS)


async def settled() -> None:
    """Let everybody go as far as they come."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize("private", [True, False])
def test_while_it_boots_it_has_a_processor_to_itself(own_url: str, *, private: bool) -> None:
    async def run() -> None:
        up, enough = asyncio.Event(), asyncio.Event()
        inside = 0

        async def boot() -> Server:
            await up.wait()
            return Server(own_url, "1", "a test")

        async def compute() -> None:
            nonlocal inside
            async with broker.room():
                inside += 1
                await enough.wait()
                inside -= 1

        async with Broker(Source("a test", "1", boot, private=private), quiet) as broker:
            booting = asyncio.create_task(broker.lease())
            await asyncio.sleep(0)
            computing = [asyncio.create_task(compute()) for _ in range(5)]
            await settled()
            assert inside == PROCESSORS - private
            up.set()
            await booting
            await settled()
            assert inside == PROCESSORS
            enough.set()
            await asyncio.gather(*computing)
            assert not inside

    asyncio.run(run())


def test_one_that_does_not_come_back_has_not_gone_away_again(
    own_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bisector.rabbitmq.broker.RETURN", 0.0)

    async def run() -> None:
        there = True

        async def start() -> Server:
            if not there:
                raise BrokerError("nobody listens")
            return Gone(own_url, "1", "a test")

        async with Broker(Source("a test", "1", start, private=False), quiet) as broker:
            await broker.lease()
            there = False
            for _ in range(DEATHS):
                with pytest.raises(BrokerError, match="nobody listens"):
                    await broker.lease()
            there = True
            for _ in range(DEATHS - 2):
                await broker.lease()
                await broker.lease()
            with pytest.raises(OutsideError, match="went away"):
                await broker.lease()

    asyncio.run(run())


class Gone(Server):
    """Whenever one looks, it is away again."""

    def running(self) -> bool:
        """Never."""
        return False
