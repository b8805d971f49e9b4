"""raises: tested=mocks reset: it ends; now it raises SetupError: `handle` is not under a test
broker: wrap the broker with its `Test*Broker` to use the mock and the Call assertions.

Passes (0) on 0.7.5, fails (1) on 0.7.6.  Found by `nox -s changes`.
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
    async with TestRabbitBroker(broker):
        seen.append(("published", await broker.publish("hello", "demo")))
    seen.append(handle.mock)


asyncio.run(main())
