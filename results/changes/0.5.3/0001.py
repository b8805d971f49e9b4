"""order: by=plain bytes of no text: the program notes 'handle' is new: ('handle', b'\\x80\\x81\\x82')

Passes (0) on 0.5.3, fails (1) on 0.5.2.  Found by `nox -s changes`.
"""

import aio_pika
import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []


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
sys.exit(0 if any("('handle', b'\\x80\\x81\\x82')" in str(x) for x in seen) else 1)
