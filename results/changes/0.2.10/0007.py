"""wire: address=virtualhost named: queue demo afterwards is no more: 0

Passes (0) on 0.2.9, fails (1) on 0.2.10.  Found by `nox -s changes`.
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
broker = RabbitBroker(os.environ["AMQP_URL"], virtualhost="other")


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if asyncio.run(left("demo")) == 0 else 1)
