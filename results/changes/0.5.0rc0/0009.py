"""raises: application=handler exits: it raises TimeoutError; now it ends

Passes (0) on 0.5.0rc0, fails (1) on 0.4.7.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import FastStream
from faststream.rabbit import RabbitBroker

seen = []
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
