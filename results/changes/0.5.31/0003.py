"""order: connection_lost=away and ping and 1 like it: the program notes True, and now False

Passes (0) on 0.5.30, fails (1) on 0.5.31.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
links, connect = [], asyncio.open_connection


async def open_connection(*args, **options):
    if away:
        raise ConnectionRefusedError("away")
    links.append(await connect(*args, **options))
    return links[-1]


asyncio.open_connection = open_connection
away = False
broker = RabbitBroker(os.environ["AMQP_URL"], reconnect_interval=0.2)


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)
        globals().update(away=True)
        links[0][1].transport.abort()
        await asyncio.sleep(0.3)
        seen.append(await broker.ping(timeout=0.3))


asyncio.run(main())
sys.exit(0 if any('True' in str(x) for x in seen) else 1)
