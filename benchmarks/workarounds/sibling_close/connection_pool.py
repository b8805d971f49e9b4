"""Publish through pools of connections and channels: `aio_pika.pool`, beside FastStream."""

from __future__ import annotations

import importlib
from typing import Any

from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds.sibling_close._common import Case

CONNECTIONS, CHANNELS = 2, 10


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    aio_pika, pool = (importlib.import_module(name) for name in ("aio_pika", "aio_pika.pool"))

    async def connection() -> Any:
        return await aio_pika.connect_robust(bench.url)

    connections = pool.Pool(connection, max_size=CONNECTIONS)
    case.finally_do(connections.close)

    async def channel() -> Any:
        async with connections.acquire() as acquired:
            return await acquired.channel()

    channels = pool.Pool(channel, max_size=CHANNELS)
    case.finally_do(channels.close)

    async def publish(body: str) -> None:
        async with channels.acquire() as acquired:
            exchange = await acquired.get_exchange(case.control.exchange, ensure=False)
            await exchange.publish(aio_pika.Message(body.encode()), case.control.key)

    await case.hang()
    return await case.judge(publish)


if __name__ == "__main__":
    main(probe)
