"""order: middleware=looking at message: the program notes (b'hello', 'text/plain', 'hello'), too

Passes (0) on 0.5.19, fails (1) on 0.5.18.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker

seen = []


class Looking(BaseMiddleware):
    async def consume_scope(self, call_next, msg):
        seen.append((msg.body, msg.content_type, await msg.decode()))
        return await call_next(msg)


broker = RabbitBroker(os.environ["AMQP_URL"], middlewares=[Looking])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("(b'hello', 'text/plain', 'hello')" in str(x) for x in seen) else 1)
