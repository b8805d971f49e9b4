"""raises: address=virtualhost of two slashes and 1 like it: it ends; now it raises
AMQPInternalError: ("one of ['Connection.OpenOk']", <Connection.Close>)

Passes (0) on 0.2.9, fails (1) on 0.2.10.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"], virtualhost="//")


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
