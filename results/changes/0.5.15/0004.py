"""gone: connection_lost=before ping and 4 like it: it is new; before: 'RabbitBroker' object has no
attribute 'ping'

Passes (0) on 0.5.15, fails (1) on 0.5.14.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []
links, connect = [], asyncio.open_connection


async def open_connection(*args, **options):
    links.append(await connect(*args, **options))
    return links[-1]


asyncio.open_connection = open_connection
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)
        links[0][1].transport.abort()
        await asyncio.sleep(0.05)
        seen.append(await broker.ping(timeout=0.2))
        await asyncio.sleep(0.3)
        seen.append(await broker.ping(timeout=2))


asyncio.run(main())
