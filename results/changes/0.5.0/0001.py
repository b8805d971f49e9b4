"""lost: application=run twice: Basic.Publish sent is no more: 0 '' 'demo' True False 'text/plain'
{} <DeliveryMode.NOT_PERSISTENT: 1> 0 '<id>' '<id>' 'faststream-<version>' '' b'hello'

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream import FastStream
from faststream.rabbit import RabbitBroker

seen = []
frames, marshal = [], pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: frames.append(frame) or marshal(frame, channel)
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


async def main():
    await app.run()
    await app.run()


asyncio.run(main())
sys.exit(0 if [frame.name for frame in frames].count('Basic.Publish') == 2 else 1)
