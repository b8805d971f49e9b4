"""lost: middleware=hooks: the program notes 'after publish' is no more: ('after publish', None)

Passes (0) on 0.6.7, fails (1) on 0.7.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker

seen = []


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


broker = RabbitBroker(os.environ["AMQP_URL"], middlewares=[Hooks])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('after publish', None)" in str(x) for x in seen) else 1)
