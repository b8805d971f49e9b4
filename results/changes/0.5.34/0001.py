"""raises: address=virtualhost of two slashes and 1 like it: it raises AMQPInternalError: ("one of
['Connection.OpenOk']", <Connection.Close>); now it ends

Passes (0) on 0.5.34, fails (1) on 0.5.33.  Found by `nox -s changes`.
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
