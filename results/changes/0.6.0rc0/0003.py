"""lost: by=plain empty json and 2 like it: queue demo afterwards, messages, was 1 and is 0

Passes (0) on 0.5.48, fails (1) on 0.6.0rc0.  Found by `nox -s changes`.
"""

import aio_pika
import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
async def left(queue):
    async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
        channel = await connection.channel()
        found = await channel.declare_queue(queue, passive=True)
        return found.declaration_result.message_count


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
sys.exit(0 if asyncio.run(left("demo")) == 1 else 1)
