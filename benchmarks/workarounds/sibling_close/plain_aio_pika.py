"""Publish with plain aio-pika, on a connection of its own."""

from __future__ import annotations

import importlib

from benchmarks.scenarios._common import Bench, Observation, main
from benchmarks.workarounds.sibling_close._common import Case


async def probe(bench: Bench) -> Observation:
    case = await Case.begin(bench)
    await case.hang()
    aio_pika = importlib.import_module("aio_pika")
    connection = await aio_pika.connect_robust(bench.url)
    case.finally_do(connection.close)
    channel = await connection.channel()
    exchange = await channel.get_exchange(case.control.exchange)
    return await case.judge(
        lambda body: exchange.publish(aio_pika.Message(body.encode()), case.control.key)
    )


if __name__ == "__main__":
    main(probe)
