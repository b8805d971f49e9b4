"""lost: said=names alike: the program notes 'handle' is no more: ('handle', 'hello')

Passes (0) on 0.5.48, fails (1) on 0.6.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


@broker.subscriber("demo-2")
async def handle(number: int):
    pass


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', 'hello')" in str(x) for x in seen) else 1)
