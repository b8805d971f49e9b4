"""logs: middleware=raising before: log is no more: ERROR TypeError: Raising.consume_scope()
missing 1 required positional argument: 'msg' (TypeError("Raising.consume_scope() missing 1
required positional argumen...

Passes (0) on 0.5.0rc1, fails (1) on 0.5.0rc2.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream import BaseMiddleware
from faststream.rabbit import RabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")


class Raising(BaseMiddleware):
    async def consume_scope(self, call_next, msg):
        raise ValueError("middleware")


broker = RabbitBroker(os.environ["AMQP_URL"], middlewares=[Raising])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("ERROR TypeError: Raising.consume_scope() missing 1 required positional argument: 'msg'" in str(x) for x in seen) else 1)
