"""raises: address=host and port and 2 like it: it raises AMQPConnectionError: [Errno 111] Connect
call failed ('127.0.0.1', 5672); now it ends

Passes (0) on 0.2.10, fails (1) on 0.2.9.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker
from urllib.parse import urlsplit

seen = []
url = urlsplit(os.environ["AMQP_URL"])
broker = RabbitBroker(host=url.hostname, port=url.port, login=url.username, password=url.password)


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
