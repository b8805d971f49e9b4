"""order: handler=closes channel and raises: the program notes 'handle' is new: ('handle', 'hello')

Passes (0) on 0.2.4, fails (1) on 0.2.3.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitMessage

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg, message: RabbitMessage):
    seen.append(("handle", msg))
    if not message.raw_message.redelivered:
        await message.raw_message.channel.close()
        raise ValueError("handler")


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', 'hello')" in str(x) for x in seen) else 1)
