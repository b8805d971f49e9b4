"""wire: by=publisher prefixed at inclusion: Basic.Publish sent, routing_key, was 'out' and is
'demo-p-out'

Passes (0) on 0.5.47, fails (1) on 0.5.48.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream.rabbit import RabbitBroker, RabbitRouter

seen = []
frames, marshal = [], pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: frames.append(frame) or marshal(frame, channel)
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


extra = RabbitRouter()
publisher = extra.publisher("out")
broker.include_router(extra, prefix="demo-p-")


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await publisher.publish("hello")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if "'out'" in [repr(frame.routing_key) for frame in frames if frame.name == 'Basic.Publish'] else 1)
