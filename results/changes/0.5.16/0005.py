"""order: tested=pinged: the program notes False, and now True

Passes (0) on 0.5.15, fails (1) on 0.5.16.  Found by `nox -s changes`.
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
        seen.append(await broker.ping(timeout=0.3))


asyncio.run(main())
sys.exit(0 if any('False' in str(x) for x in seen) else 1)
