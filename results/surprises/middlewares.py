"""Of two middlewares of a broker the first is the outer one, where messages are published, too."""

import asyncio
import os
import sys

from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker

order = []


class First(BaseMiddleware):
    async def publish_scope(self, call_next, *args, **kwargs):
        order.append(type(self).__name__)
        return await call_next(*args, **kwargs)


class Second(First):
    pass


async def main():
    broker = RabbitBroker(os.environ["AMQP_URL"], middlewares=[First, Second])
    async with broker:
        await broker.start()
        await broker.publish("hello", "demo-nobody")


asyncio.run(main())
sys.exit(0 if order == ["First", "Second"] else 1)
