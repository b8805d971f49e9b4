"""order: filter=decoded: the program notes 'handle' is new: ('handle', 'hello')

Passes (0) on 0.5.19, fails (1) on 0.5.18.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []


async def is_text(msg):
    return isinstance(await msg.decode(), str)


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", filter=is_text)
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', 'hello')" in str(x) for x in seen) else 1)
