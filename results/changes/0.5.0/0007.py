"""wire: middleware=hooks of subscriber and 4 like it: Basic.Reject sent is new: 1 False

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker

seen = []
frames, marshal = [], pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: frames.append(frame) or marshal(frame, channel)


class Hooks(BaseMiddleware):
    async def on_consume(self, msg):
        seen.append("on consume")
        return await super().on_consume(msg)

    async def after_consume(self, err):
        seen.append(("after consume", err))
        return await super().after_consume(err)

    async def on_publish(self, msg, *args, **kwargs):
        seen.append("on publish")
        return await super().on_publish(msg, *args, **kwargs)

    async def after_publish(self, err):
        seen.append(("after publish", err))
        return await super().after_publish(err)


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", middlewares=[Hooks])
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if [frame.name for frame in frames].count('Basic.Reject') == 0 else 1)
