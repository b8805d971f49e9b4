"""wire: life=declared by hand: Exchange.Declare sent, durable, was False and is True

Passes (0) on 0.7.0rc1, fails (1) on 0.7.0.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream.rabbit import RabbitBroker, RabbitExchange, RabbitQueue

seen = []
frames, marshal = [], pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: frames.append(frame) or marshal(frame, channel)
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        queue = await broker.declare_queue(RabbitQueue("demo-hand"))
        exchange = await broker.declare_exchange(RabbitExchange("demo-hand"))
        seen.append((type(queue).__name__, type(exchange).__name__))
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if 'False' in [repr(frame.durable) for frame in frames if frame.name == 'Exchange.Declare'] else 1)
