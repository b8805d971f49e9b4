"""wire: address=virtualhost not of url: queue demo afterwards is new: 0

Passes (0) on 0.2.9, fails (1) on 0.2.10.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream.rabbit import RabbitBroker

seen = []
frames, marshal = [], pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: frames.append(frame) or marshal(frame, channel)
broker = RabbitBroker(os.environ["AMQP_URL"].rpartition("/")[0] + "/other", virtualhost="/")


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if "'other'" in [repr(frame.virtual_host) for frame in frames if frame.name == 'Connection.Open'] else 1)
