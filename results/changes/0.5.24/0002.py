"""gone: application=as asgi: it is new; before: 'FastStream' object has no attribute 'as_asgi'

Passes (0) on 0.5.24, fails (1) on 0.5.23.  Found by `nox -s changes`.
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


app = FastStream(broker).as_asgi(asyncapi_path="/docs")


async def main():
    seen.append(type(app).__name__)


asyncio.run(main())
