"""order: argument=decoded twice and 1 like it: the program notes 'handle' is new: ('handle',
'hello', 'hello')

Passes (0) on 0.5.19, fails (1) on 0.5.18.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitMessage

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg: RabbitMessage):
    seen.append(("handle", await msg.decode(), await msg.decode()))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', 'hello', 'hello')" in str(x) for x in seen) else 1)
