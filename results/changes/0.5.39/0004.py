"""logs: filter=two handlers and 3 like it: log was INFO `OfJson` waiting for messages and is INFO
`[OfJson,Handle]` waiting for messages

Passes (0) on 0.5.37, fails (1) on 0.5.39.  Found by `nox -s changes`.
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


async def handle(msg):
    seen.append(("handle", msg))


subscriber = broker.subscriber("demo")


@subscriber(filter=lambda m: m.content_type == "application/json")
async def of_json(msg):
    seen.append(("json", msg))

subscriber(handle)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('INFO `OfJson` waiting for messages' in str(x) for x in seen) else 1)
