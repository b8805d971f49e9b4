"""logs: handler=exits: log was INFO SystemExit: 3 (SystemExit(3)) and is ERROR SystemExit: 3
(SystemExit(3))

Passes (0) on 0.6.1, fails (1) on 0.6.2.  Found by `nox -s changes`.
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
    raise SystemExit(3)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('INFO SystemExit: 3' in str(x) for x in seen) else 1)
