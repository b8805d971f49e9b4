"""gone: place=added after start by decorator: it is new; before: 'RabbitBroker' object has no
attribute 'subscribers'

Passes (0) on 0.6.0rc0, fails (1) on 0.5.48.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        late = broker.subscriber("demo")(handle)
        for one in broker.subscribers:
            await one.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
