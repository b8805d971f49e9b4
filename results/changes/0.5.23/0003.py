"""gone: life=get one and 5 like it: it is new; before: 'AsyncAPISubscriber' object has no
attribute 'get_one'

Passes (0) on 0.5.23, fails (1) on 0.5.22.  Found by `nox -s changes`.
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
        seen.append((await subscriber.get_one(timeout=1)).body)


asyncio.run(main())
