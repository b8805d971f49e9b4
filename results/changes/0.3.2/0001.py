"""raises: address=security of nothing and 1 like it: it raises RuntimeError: SSL context is not
set; if you don't want to use SSL encryption, set use_ssl to False. Warning: This will send your
data to the broker unencrypted...; now it ends

Passes (0) on 0.3.2, fails (1) on 0.3.1.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker
from faststream.security import BaseSecurity

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"], security=BaseSecurity())


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
