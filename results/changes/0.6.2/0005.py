"""logs: by=plain empty json and 2 like it: log was INFO JSONDecodeError: Expecting value: line 1
column 1 (char 0) (JSONDecodeError('Expecting value: line 1 column 1 (char 0)')) and is ERROR
JSONDecodeError: Expecting value: line 1 column 1 (char 0) (JSONDecodeError('Expecting value:
line 1 column 1 (char 0)'))

Passes (0) on 0.6.1, fails (1) on 0.6.2.  Found by `nox -s changes`.
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
        await plain(b"", content_type="application/json")
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('INFO JSONDecodeError: Expecting value: line 1 column 1 (char 0)' in str(x) for x in seen) else 1)
