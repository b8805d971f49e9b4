"""logs: application=handler exits: log is no more: INFO FastStream app started successfully! To
exit, press CTRL+C

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream import FastStream
from faststream.rabbit import RabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    app.exit()


app = FastStream(broker)


@app.after_startup
async def begin():
    seen.append("started")
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.3)
    pass


async def main():
    await asyncio.wait_for(app.run(), 2)


asyncio.run(main())
sys.exit(0 if any('INFO FastStream app started successfully! To exit, press CTRL+C' in str(x) for x in seen) else 1)
