"""raises: life=iterated and 1 like it: it raises TypeError: 'async for' requires an object with
__aiter__ method, got AsyncAPISubscriber; now it ends

Passes (0) on 0.6.0rc0, fails (1) on 0.5.48.  Found by `nox -s changes`.
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
        async for message in subscriber:
            seen.append(message.body)
            break


asyncio.run(main())
