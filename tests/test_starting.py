"""How a scenario is started while RabbitMQ boots."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bisector.environments import recipes, releases
from bisector.questions import programs
from bisector.questions.ending import Rules
from bisector.questions.starting import TOGETHER, started
from bisector.rabbitmq import BrokerError, Server, Source
from bisector.rabbitmq.broker import Broker

ASKS = "import os, time; pipe = open(os.environ['PROBE_BROKER']);"


def start(asks: str, broker_starts: Source) -> int | None:
    """Start what asks where RabbitMQ is in the place of a scenario; returns how it ended."""
    environment = recipes.of(releases.load()[-1])
    program = programs.scenario(programs.SIBLING_CLOSE)

    async def run() -> int | None:
        async with (
            Broker(broker_starts, lambda _text: None) as broker,
            started(
                [sys.executable, "-c", asks], environment, program, broker, Rules(30), TOGETHER,
                early=False,
            ) as probe,
        ):  # fmt: skip
            return await probe.process.wait(30)

    return asyncio.run(run())


def test_one_that_ends_while_rabbitmq_boots_is_seen_to_have_ended(
    own_url: str, tmp_path: Path
) -> None:
    ends = tmp_path / "ends"  # once it has, and let go of the pipe that it opened before
    os.mkfifo(ends)

    async def boot() -> Server:
        await asyncio.to_thread(ends.read_bytes)
        return Server(own_url, "1", "a test")

    assert (
        start(f"{ASKS} ends = open({str(ends)!r}, 'w'); os._exit(7)", Source("a test", "1", boot))
        == 7
    )


def test_where_rabbitmq_does_not_boot_no_pipe_stays_open() -> None:
    async def boot() -> Server:
        raise BrokerError("it does not")

    def descriptors() -> int:
        return sum(1 for _ in Path("/dev/fd").iterdir())

    before = descriptors()
    for _ in range(3):
        with pytest.raises(BrokerError):
            start(f"{ASKS} time.sleep(60)", Source("a test", "1", boot))
    assert descriptors() == before
