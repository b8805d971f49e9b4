"""order: argument=message details: the program notes 'handle' is new: ('handle', {}, '', {},
False, 'RabbitMessage')

Passes (0) on 0.3.13, fails (1) on 0.3.12.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitMessage

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg: RabbitMessage):
    seen.append(("handle", msg.headers, msg.reply_to, msg.path, msg.committed, type(msg).__name__))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', {}, '', {}, False, 'RabbitMessage')" in str(x) for x in seen) else 1)
