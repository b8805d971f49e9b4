"""order: middleware=acknowledging and 2 like it: the program notes 'handle' is new: ('handle',
'hello')

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0rc1.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker

seen = []


class Early(BaseMiddleware):
    async def consume_scope(self, call_next, msg):
        await msg.ack()
        return await call_next(msg)


broker = RabbitBroker(os.environ["AMQP_URL"], middlewares=[Early])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', 'hello')" in str(x) for x in seen) else 1)
