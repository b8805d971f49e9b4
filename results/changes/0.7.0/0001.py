"""raises: connection_lost=channel closed: the program notes 'refused' is new: ('refused',
'ChannelLockedResource')

Passes (0) on 0.7.0, fails (1) on 0.7.0rc1.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitQueue

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)
        try:
            await broker.declare_queue(RabbitQueue("demo-own", exclusive=True))
            await broker.declare_queue(RabbitQueue("demo-own", durable=True))
        except Exception as error:
            seen.append(("refused", type(error).__name__))
        await asyncio.sleep(0.2)
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.2)


asyncio.run(main())
sys.exit(0 if any("('refused', 'ChannelLockedResource')" in str(x) for x in seen) else 1)
