"""wire: context=resolved and 1 like it: Basic.Reject sent is new: 1 False

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import os
import pamqp.frame
import sys
from faststream.rabbit import RabbitBroker

seen = []
frames, marshal = [], pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: frames.append(frame) or marshal(frame, channel)


def context():
    return broker.context if hasattr(broker, "context") else faststream.context


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    seen.append(type(context().resolve("message.headers")).__name__)
    seen.append("message" in context())


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if [frame.name for frame in frames].count('Basic.Reject') == 0 else 1)
