"""gone: address=host and port and 2 like it: it is gone: RabbitBroker.__init__() got an unexpected
keyword argument 'login'

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
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
