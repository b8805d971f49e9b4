"""text: tested=app: log, text, was INFO FastStream app started successfully! To exit press CTRL+C
and is INFO FastStream app started successfully! To exit, press CTRL+C

Passes (0) on 0.1.1rc0, fails (1) on 0.1.1rc1.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream import FastStream, TestApp
from faststream.rabbit import RabbitBroker, TestRabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    app = FastStream(broker)
    async with TestRabbitBroker(broker), TestApp(app):
        seen.append(("published", await broker.publish("hello", "demo")))


asyncio.run(main())
sys.exit(0 if any('INFO FastStream app started successfully! To exit press CTRL+C' in str(x) for x in seen) else 1)
