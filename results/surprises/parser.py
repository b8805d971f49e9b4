"""A message that the parser fails on is still there afterwards."""

import asyncio
import os
import sys

import aio_pika
from faststream.rabbit import RabbitBroker


async def parse(msg):
    raise ValueError("not for me")


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo-parser", parser=parse)
async def handle(msg):
    pass


async def main():
    async with broker:
        await broker.start()
        await broker.publish("hello", "demo-parser")
        await asyncio.sleep(0.5)


async def left():
    async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("demo-parser", passive=True)
        return queue.declaration_result.message_count


asyncio.run(main())
sys.exit(0 if asyncio.run(left()) == 1 else 1)
