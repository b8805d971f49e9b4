"""logs: connection_lost=away and close and 11 like it: DeprecationWarning is new: Deprecated in
**FastStream <version>**. Please, use `stop` method instead. Method `close` will be removed in
**FastStream <version>**.

Passes (0) on 0.5.44, fails (1) on 0.5.43.  Found by `nox -s changes`.
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
    await broker.close()


asyncio.run(main())
sys.exit(0 if any('**. Please, use `stop` method instead. Method `close` will be removed in **FastStream ' in str(x) for x in seen) else 1)
