"""gone: application=asgi and 7 like it: it is new; before: No module named 'faststream.asgi'

Passes (0) on 0.5.16, fails (1) on 0.5.15.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.asgi import AsgiFastStream
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


app = AsgiFastStream(broker)


async def main():
    inbox = asyncio.Queue()
    async def send(message):
        seen.append(message)
    async def say():
        await inbox.put({"type": "lifespan.startup"})
        await asyncio.sleep(0.4)
        await inbox.put({"type": "lifespan.shutdown"})
    await asyncio.gather(say(), app({"type": "lifespan"}, inbox.get, send))


asyncio.run(main())
