"""gone: connection_lost=away and stop and 7 like it: it is new; before: 'RabbitBroker' object has
no attribute 'stop'

Passes (0) on 0.5.44, fails (1) on 0.5.43.  Found by `nox -s changes`.
"""

import asyncio
import os
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
    global away
    await broker.start()
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.4)
    away = True
    links[0][1].transport.abort()
    await asyncio.sleep(0.3)
    await broker.stop()


asyncio.run(main())
