"""raises: tested=connect only: it raises AssertionError: You should start the broker first; now it
ends

Passes (0) on 0.2.3, fails (1) on 0.2.2.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, TestRabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with TestRabbitBroker(broker, connect_only=True):
        seen.append(("published", await broker.publish("hello", "demo")))


asyncio.run(main())
