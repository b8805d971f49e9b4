"""raises: middleware=broker and router and 5 like it: it ends; now it raises TypeError:
'builtins.coroutine' object does not support the asynchronous context manager protocol

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker, RabbitRouter

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


class Edges(BaseMiddleware):
    async def on_receive(self):
        seen.append("on receive")
        return await super().on_receive()

    async def after_processed(self, exc_type=None, exc_val=None, exc_tb=None):
        seen.append(("after processed", exc_type))
        return await super().after_processed(exc_type, exc_val, exc_tb)


broker = RabbitBroker(os.environ["AMQP_URL"], middlewares=[Noting])
router = RabbitRouter(middlewares=[Edges])


@router.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


broker.include_router(router)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
