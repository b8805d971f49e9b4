"""gone: decoder=of requests and 4 like it: it is new; before: 'RabbitBroker' object has no
attribute 'request'

Passes (0) on 0.5.19, fails (1) on 0.5.18.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []


async def decode(msg, decoder):
    seen.append(("decode", type(msg).__name__))
    return await decoder(msg)


broker = RabbitBroker(os.environ["AMQP_URL"], decoder=decode)


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    return 1


async def main():
    async with broker:
        await broker.start()
        seen.append(await (await broker.request("hello", "demo", timeout=2)).decode())
        await asyncio.sleep(0.4)


asyncio.run(main())
