"""wire: nothing special: Basic.Publish sent, timestamp, is new: <now>

Passes (0) on 0.5.41, fails (1) on 0.5.42.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream.rabbit import RabbitBroker

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
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if 'None' in [repr(frame.properties.timestamp) for frame in frames if frame.name == 'ContentHeader'] else 1)
