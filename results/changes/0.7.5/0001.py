"""logs: connection_lost=while working and 1 like it: log is no more: CRITICAL
ChannelInvalidStateError() (ChannelInvalidStateError())

Passes (0) on 0.7.4, fails (1) on 0.7.5.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
links, connect = [], asyncio.open_connection


async def open_connection(*args, **options):
    links.append(await connect(*args, **options))
    return links[-1]


asyncio.open_connection = open_connection
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    links[0][1].transport.abort()
    await asyncio.sleep(0.05)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('CRITICAL ChannelInvalidStateError()' in str(x) for x in seen) else 1)
