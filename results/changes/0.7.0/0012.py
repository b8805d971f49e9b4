"""wire: place=prefix and key and 2 like it: Exchange.Declare sent, durable, was False and is True

Passes (0) on 0.7.0rc1, fails (1) on 0.7.0.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream.rabbit import RabbitBroker, RabbitExchange, RabbitQueue, RabbitRouter

seen = []
frames, marshal = [], pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: frames.append(frame) or marshal(frame, channel)
broker = RabbitBroker(os.environ["AMQP_URL"])
router = RabbitRouter(prefix="demo-a-")


@router.subscriber(RabbitQueue("demo", routing_key="key"), RabbitExchange("demo-x"))
async def handle(msg):
    seen.append(("handle", msg))


broker.include_router(router)


async def main():
    async with broker:
        await broker.start()
        await broker.publish("without the prefix", "key", RabbitExchange("demo-x"))
        seen.append(("published", await broker.publish("hello", "demo-a-key", exchange=RabbitExchange("demo-x"))))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if 'False' in [repr(frame.durable) for frame in frames if frame.name == 'Exchange.Declare'] else 1)
