"""gone: application=hooks of constructor: it is new; before: FastStream.__init__() got an
unexpected keyword argument 'on_startup'

Passes (0) on 0.5.20, fails (1) on 0.5.19.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import FastStream
from faststream.rabbit import RabbitBroker

seen = []


def begun():
    seen.append('begun')


async def ended():
    seen.append('ended')


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


app = FastStream(broker, on_startup=[begun], after_startup=[begun], on_shutdown=[ended], after_shutdown=[ended])


@app.after_startup
async def begin():
    seen.append("started")
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.3)
    app.exit()


async def main():
    await app.run()


asyncio.run(main())
