"""lost: life=stopped while raising: queue demo afterwards, messages, was 1 and is 0

Passes (0) on 0.7.5, fails (1) on 0.7.6.  Found by `nox -s changes`.
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
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    await asyncio.sleep(0.2)
    raise ValueError("handler")


async def main():
    await broker.start()
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.1)
    await broker.stop()


asyncio.run(main())
sys.exit(0 if asyncio.run(left("demo")) == 1 else 1)
