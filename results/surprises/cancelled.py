"""A message whose handler is cancelled is still there afterwards."""

import asyncio
import os
import sys

import aio_pika
from faststream.rabbit import RabbitBroker

broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo-work")
async def handle(msg):
    raise asyncio.CancelledError


async def main():
    async with broker:
        await broker.start()
        await broker.publish("hello", "demo-work")
        await asyncio.sleep(0.5)


async def left():
    async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("demo-work", passive=True)
        return queue.declaration_result.message_count


asyncio.run(main())
sys.exit(0 if asyncio.run(left()) == 1 else 1)
