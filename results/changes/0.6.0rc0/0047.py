"""order: tested=acknowledged and 1 like it: the program notes AckStatus.acked, and now
AckStatus.ACKED

Passes (0) on 0.5.48, fails (1) on 0.6.0rc0.  Found by `nox -s changes`.
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
sys.exit(0 if any('AckStatus.acked' in str(x) for x in seen) else 1)
