"""logs: filter=decoded: log is new: ERROR AttributeError: 'RabbitMessage' object has no attribute
'decode' (AttributeError("'RabbitMessage' object has no attribute 'decode'"))

Passes (0) on 0.5.18, fails (1) on 0.5.17.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")


async def is_text(msg):
    return isinstance(await msg.decode(), str)


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", filter=is_text)
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("ERROR AttributeError: 'RabbitMessage' object has no attribute 'decode'" in str(x) for x in seen) else 1)
