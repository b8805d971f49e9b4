"""raises: life=subscriber without handler and 2 like it: it raises IndexError: list index out of
range; now it ends

Passes (0) on 0.5.15, fails (1) on 0.5.14.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


async def handle(msg):
    seen.append(("handle", msg))


subscriber = broker.subscriber("demo")


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
