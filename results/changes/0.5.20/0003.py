"""logs: tested=then real and 1 like it: log is no more: INFO Processed

Passes (0) on 0.5.19, fails (1) on 0.5.20.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.rabbit import RabbitBroker, TestRabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with TestRabbitBroker(broker):
        seen.append(("published", await broker.publish("hello", "demo")))
    await broker.start()
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.4)
    await (broker.stop() if hasattr(broker, 'stop') else broker.close())


asyncio.run(main())
sys.exit(0 if [str(x) for x in seen].count('INFO Processed') == 3 else 1)
