"""lost: middleware=not calling and 1 like it: queue demo afterwards, messages, was 1 and is 0

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
"""

import aio_pika
import asyncio
import os
import sys
from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker

seen = []
async def left(queue):
    async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
        channel = await connection.channel()
        found = await channel.declare_queue(queue, passive=True)
        return found.declaration_result.message_count


class Stopping(BaseMiddleware):
    async def consume_scope(self, call_next, msg):
        return None


broker = RabbitBroker(os.environ["AMQP_URL"], middlewares=[Stopping])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if asyncio.run(left("demo")) == 1 else 1)
