"""logs: middleware=raising on receive: log is no more: ERROR Exception in callback
_task_done(<Task finishe...'middleware')>) at <python>/aio_pika/tools.py:<line> handle: <Handle
_task_done(<Task finishe...'middlewa...

Passes (0) on 0.5.14, fails (1) on 0.5.15.  Found by `nox -s changes`.
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
    async def on_receive(self):
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
sys.exit(0 if any("ERROR Exception in callback _task_done(<Task finishe...'middleware')>) at " in str(x) for x in seen) else 1)
