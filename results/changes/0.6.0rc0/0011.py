"""gone: document=asyncapi and 3 like it: it is gone: No module named 'faststream.asyncapi'

Passes (0) on 0.5.48, fails (1) on 0.6.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import os
from faststream import FastStream
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    from faststream.asyncapi.generate import get_app_schema
    seen.append(get_app_schema(FastStream(broker)).to_json())


asyncio.run(main())
