"""raises: middleware=broker and subscriber: it ends; now it raises TypeError:
BaseMiddleware.__init__() missing 1 required keyword-only argument: 'context'

Passes (0) on 0.5.48, fails (1) on 0.6.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker

seen = []


class First(BaseMiddleware):
    async def on_receive(self):
        seen.append((type(self).__name__, "on receive"))
        return await super().on_receive()

    async def consume_scope(self, call_next, msg):
        seen.append((type(self).__name__, "consume"))
        return await call_next(msg)

    async def publish_scope(self, call_next, *args, **kwargs):
        seen.append((type(self).__name__, "publish"))
        return await call_next(*args, **kwargs)

    async def after_processed(self, exc_type=None, exc_val=None, exc_tb=None):
        seen.append((type(self).__name__, "after processed"))
        return await super().after_processed(exc_type, exc_val, exc_tb)


class Second(First):
    pass


broker = RabbitBroker(os.environ["AMQP_URL"], middlewares=[First])


@broker.subscriber("demo", middlewares=[Second(None).consume_scope])
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
