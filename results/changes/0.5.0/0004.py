"""logs: handler=ignored: log is no more: ERROR Exception in callback _task_done(<Task
finishe...on('ignored')>) at <python>/aio_pika/tools.py:<line> handle: <Handle _task_done(<Task
finishe...on('ignor...

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.exceptions import IgnoredException
from faststream.rabbit import RabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    raise IgnoredException("ignored")


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("ERROR Exception in callback _task_done(<Task finishe...on('ignored')>) at " in str(x) for x in seen) else 1)
