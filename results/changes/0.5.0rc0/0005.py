"""gone: connection_lost=and back and 2 like it: it is gone: RabbitBroker.__init__() got an
unexpected keyword argument 'reconnect_interval'

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
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
broker = RabbitBroker(os.environ["AMQP_URL"], reconnect_interval=0.2)


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)
        links[0][1].transport.abort()
        await asyncio.sleep(0.8)
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.3)


asyncio.run(main())
