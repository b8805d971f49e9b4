"""logs: connection_lost=requested afterwards and 4 like it: ResourceWarning is no more: Unclosed
<MemoryObjectSendStream at <address>>

Passes (0) on 0.7.5, fails (1) on 0.7.6.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
import warnings
from faststream.rabbit import RabbitBroker

seen = []
warnings.simplefilter("always")
warnings.showwarning = lambda message, *_: seen.append(message)
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
        seen.append((await broker.request("x", "demo", timeout=1)).body)
        links[0][1].transport.abort()
        await asyncio.sleep(0.8)
        seen.append((await broker.request("x", "demo", timeout=1)).body)


asyncio.run(main())
sys.exit(0 if any('Unclosed <MemoryObjectSendStream at ' in str(x) for x in seen) else 1)
