"""logs: by=plain bytes of no text and 1 like it: log was INFO Processed and is ERROR Task
exception was never retrieved future: <Task finished name='Task-<number>' coro=<consumer() done,
defined at <python>/aio_pika/queue.py:<line>> except...

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
"""

import aio_pika
import asyncio
import logging
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")


async def plain(body, **options):
    connection = await aio_pika.connect(os.environ["AMQP_URL"])
    async with connection, connection.channel() as channel:
        message = aio_pika.Message(body, **options)
        await channel.default_exchange.publish(message, "demo")


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        await plain(b"\x80\x81\x82")
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('INFO Processed' in str(x) for x in seen) else 1)
