"""logs: application=tested application with options and 7 like it: log is new: INFO Processed

Passes (0) on 0.5.19, fails (1) on 0.5.18.  Found by `nox -s changes`.
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


app = FastStream(broker)


@app.after_startup
async def begin():
    seen.append("started")
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.3)
    app.exit()


@app.on_startup
async def starting(level: int = 3):
    seen.append(level)


async def main():
    async with TestRabbitBroker(broker), TestApp(app, {"level": "7"}):
        seen.append(("published", await broker.publish("hello", "demo")))


asyncio.run(main())
sys.exit(0 if any('INFO Processed' in str(x) for x in seen) else 1)
