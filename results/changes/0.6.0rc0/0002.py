"""lost: by=plain charset and 2 like it: the program notes 'handle' is no more: ('handle',
{'number': 1})

Passes (0) on 0.5.48, fails (1) on 0.6.0rc0.  Found by `nox -s changes`.
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
        await plain(b'{"number": 1}', content_type="application/json; charset=utf8")
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', {'number': 1})" in str(x) for x in seen) else 1)
