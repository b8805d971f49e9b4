"""logs: refused=policy of text and 1 like it: log is new: INFO `Subscriber` waiting for messages

Passes (0) on 0.6.0rc3, fails (1) on 0.6.0rc2.  Found by `nox -s changes`.
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


try:
    broker.subscriber("demo-2", ack_policy="ack")


except Exception as error:
    seen.append(("refused", type(error).__name__, str(error)))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('INFO `Subscriber` waiting for messages' in str(x) for x in seen) else 1)
