"""order: tested=acknowledged: the program notes True, and now AckStatus.acked

Passes (0) on 0.5.20, fails (1) on 0.5.21.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitMessage, TestRabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg, message: RabbitMessage):
    seen.append(("handle", msg))
    await message.ack()
    seen.append(str(message.committed))


async def main():
    async with TestRabbitBroker(broker):
        seen.append(("published", await broker.publish("hello", "demo")))


asyncio.run(main())
sys.exit(0 if any('True' in str(x) for x in seen) else 1)
