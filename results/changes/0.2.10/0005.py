"""gone: address=security and 3 like it: it is new; before: No module named 'faststream.security'

Passes (0) on 0.2.10, fails (1) on 0.2.9.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker
from faststream.security import SASLPlaintext
from urllib.parse import urlsplit

seen = []
url = urlsplit(os.environ["AMQP_URL"])
broker = RabbitBroker(os.environ["AMQP_URL"], security=SASLPlaintext(username=url.username, password=url.password, use_ssl=False))


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
