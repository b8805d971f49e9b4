"""A message of bytes that are no text, without a content type, is handled and acknowledged."""

import asyncio
import os
import sys

import aio_pika
from faststream.rabbit import RabbitBroker

broker = RabbitBroker(os.environ["AMQP_URL"])
handled = []


@broker.subscriber("demo-bytes")
async def handle(msg):
    handled.append(msg)


async def main():
    async with broker, await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
        await broker.start()
        channel = await connection.channel()
        await channel.default_exchange.publish(aio_pika.Message(b"\x80\x81"), "demo-bytes")
        await asyncio.sleep(0.5)


asyncio.run(main())
sys.exit(0 if handled == [b"\x80\x81"] else 1)
