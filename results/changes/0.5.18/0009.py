"""logs: handler=reject message requeue: log was ERROR TypeError: RejectMessage() takes no keyword
arguments (TypeError('RejectMessage() takes no keyword arguments')) and is INFO Message was
rejected

Passes (0) on 0.5.17, fails (1) on 0.5.18.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.exceptions import RejectMessage
from faststream.rabbit import RabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    raise RejectMessage(requeue=False)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('ERROR TypeError: RejectMessage() takes no keyword arguments' in str(x) for x in seen) else 1)
