"""gone: life=subscriber stopped by stop: it is new; before: 'AsyncAPISubscriber' object has no
attribute 'stop'

Passes (0) on 0.5.44, fails (1) on 0.5.43.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


async def handle(msg):
    seen.append(("handle", msg))


subscriber = broker.subscriber("demo")
subscriber(handle)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)
        await subscriber.stop()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.2)


asyncio.run(main())
