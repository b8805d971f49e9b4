"""order: handler=acks and notes: the program notes True, and now AckStatus.acked

Passes (0) on 0.5.20, fails (1) on 0.5.21.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitMessage

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg, message: RabbitMessage):
    seen.append(("handle", msg))
    await message.ack()
    seen.append(str(message.committed))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('True' in str(x) for x in seen) else 1)
