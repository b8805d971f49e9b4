"""raises: connection_lost=before end: it raises AMQPConnectionError: Server connection
unexpectedly closed. Read 0 bytes but 1 bytes expected; now it raises ExceptionGroup: Failed to
stop subscribers (1 sub-exception)

Passes (0) on 0.7.7, fails (1) on 0.7.8.  Found by `nox -s changes`.
"""

import asyncio
import os
import signal
import sys
from faststream.rabbit import RabbitBroker

seen = []
signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
signal.alarm(6)  # to hang is to fail
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


try:
    asyncio.run(main())
    error = ""
except BaseException as raised:
    error = f"{type(raised).__name__}: {raised}"
sys.exit(0 if 'Server connection unexpectedly closed. Read 0 bytes but 1 bytes expected' in error else 1)
