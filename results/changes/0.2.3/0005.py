"""text: tested=mocks reset: the program notes <MagicMock id=<number>>, and now None

Passes (0) on 0.2.2, fails (1) on 0.2.3.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
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
sys.exit(0 if any('<MagicMock id=' in str(x) for x in seen) else 1)
