"""order: decoder=none again: the program notes 'decode' is no more: decode

Passes (0) on 0.6.6, fails (1) on 0.6.7.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitMessage

seen = []


async def decode(msg):
    seen.append("decode")
    return None


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", decoder=decode)
async def handle(msg, message: RabbitMessage):
    seen.append(("handle", msg, await message.decode()))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if [str(x) for x in seen].count('decode') == 2 else 1)
