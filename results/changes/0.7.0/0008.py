"""logs: application=set broker: DeprecationWarning is new: This method is deprecated and will be
removed in 0.8.0 Use `add_broker` instead.

Passes (0) on 0.7.0, fails (1) on 0.7.0rc1.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
import warnings
from faststream import FastStream
from faststream.rabbit import RabbitBroker

seen = []
warnings.simplefilter("always")
warnings.showwarning = lambda message, *_: seen.append(message)
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


app = FastStream()


@app.after_startup
async def begin():
    seen.append("started")
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.3)
    app.exit()


async def main():
    app.set_broker(broker)
    await app.run()


asyncio.run(main())
sys.exit(0 if any('This method is deprecated and will be removed in 0.8.0 Use `add_broker` instead.' in str(x) for x in seen) else 1)
