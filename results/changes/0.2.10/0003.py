"""raises: address=login not of url: it raises ProbableAuthenticationError: ACCESS_REFUSED - Login
was refused using authentication mechanism PLAIN. For details see the broker logfile.; now it
ends

Passes (0) on 0.2.10, fails (1) on 0.2.9.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker
from urllib.parse import urlsplit

seen = []
url = urlsplit(os.environ["AMQP_URL"])
broker = RabbitBroker(f"amqp://wrong:guess@{url.hostname}:{url.port}/", login=url.username, password=url.password)


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
