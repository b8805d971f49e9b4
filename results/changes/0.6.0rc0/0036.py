"""raises: by=publisher before inclusion: it raises AssertionError: Please, `connect()` the broker
first.; now it ends

Passes (0) on 0.6.0rc0, fails (1) on 0.5.48.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, RabbitRouter

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


extra = RabbitRouter()
publisher = extra.publisher("demo-out")


async def main():
    async with broker:
        await broker.start()
        broker.include_router(extra)
        seen.append(("published", await publisher.publish("hello")))
        await asyncio.sleep(0.4)


asyncio.run(main())
