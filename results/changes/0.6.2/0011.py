"""logs: handler=raises own error: log was INFO OwnError: ('own', 5) (OwnError('own', 5)) and is
ERROR OwnError: ('own', 5) (OwnError('own', 5))

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


class OwnError(Exception):
    pass


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    raise OwnError("own", 5)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("INFO OwnError: ('own', 5)" in str(x) for x in seen) else 1)
