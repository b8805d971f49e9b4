"""logs: handler=stops broker: log is no more: ERROR AttributeError: 'RabbitBroker' object has no
attribute 'stop' (AttributeError("'RabbitBroker' object has no attribute 'stop'"))

Passes (0) on 0.5.43, fails (1) on 0.5.44.  Found by `nox -s changes`.
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
    asyncio.ensure_future(broker.stop())


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("ERROR AttributeError: 'RabbitBroker' object has no attribute 'stop'" in str(x) for x in seen) else 1)
