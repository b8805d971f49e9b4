"""gone: tested=acknowledged: it is new; before: 'RabbitMessage' object has no attribute
'committed'

Passes (0) on 0.3.13, fails (1) on 0.3.12.  Found by `nox -s changes`.
"""

import asyncio
import os
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
