"""logs: life=closed while working and 1 like it: log is new: ERROR Exception in callback
_task_done(<Task finishe...dStateError()>) at <python>/aio_pika/tools.py:<line> handle: <Handle
_task_done(<Task finishe...dStateErr...

Passes (0) on 0.5.0rc0, fails (1) on 0.4.7.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    await asyncio.sleep(0.2)
    seen.append("done")


async def main():
    await broker.start()
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.1)
    await broker.close()


asyncio.run(main())
sys.exit(0 if any('ERROR Exception in callback _task_done(<Task finishe...dStateError()>) at ' in str(x) for x in seen) else 1)
