"""wire: place=prefix at inclusion and publisher: Basic.Publish sent, routing_key, was 'out' and is
'demo-a-out'

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
router = RabbitRouter()


@router.publisher("out")
@router.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


broker.include_router(router, prefix="demo-a-")


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo-a-demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if "'out'" in [repr(frame.routing_key) for frame in frames if frame.name == 'Basic.Publish'] else 1)
