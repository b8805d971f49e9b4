"""order: application=cancelled: the program notes [CancelledError('')], and now
[AttributeError("module 'anyio' has no attribute 'ExceptionGroup'")]

Passes (0) on 0.2.15, fails (1) on 0.3.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream import FastStream
from faststream.rabbit import RabbitBroker

seen = []
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
    running.cancel()


async def main():
    global running
    running = asyncio.ensure_future(app.run())
    seen.append(await asyncio.gather(running, return_exceptions=True))


asyncio.run(main())
sys.exit(0 if any("[CancelledError('')]" in str(x) for x in seen) else 1)
