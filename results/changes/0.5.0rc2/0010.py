"""order: middleware=on router: the program notes 'consume ends' is new: consume ends

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0rc1.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
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


broker = RabbitBroker(os.environ["AMQP_URL"])
router = RabbitRouter(middlewares=[Noting])


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
sys.exit(0 if any('consume ends' in str(x) for x in seen) else 1)
