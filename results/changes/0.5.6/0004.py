"""gone: middleware=added later: it is new; before: 'RabbitBroker' object has no attribute
'add_middleware'

Passes (0) on 0.5.6, fails (1) on 0.5.5.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker

seen = []


class Noting(BaseMiddleware):
    async def consume_scope(self, call_next, msg):
        seen.append("consume begins")
        try:
            return await call_next(msg)
        finally:
            seen.append("consume ends")

    async def publish_scope(self, call_next, *args, **kwargs):
        seen.append("publish begins")
        return await call_next(*args, **kwargs)


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


broker.add_middleware(Noting)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
