"""raises: tested=raising: it raises ValueError: handler; now it ends

Passes (0) on 0.5.0, fails (1) on 0.5.0rc2.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, TestRabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    raise ValueError("handler")


async def main():
    async with TestRabbitBroker(broker):
        seen.append(("published", await broker.publish("hello", "demo")))


asyncio.run(main())
