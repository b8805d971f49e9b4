"""order: context=handler : the program notes 'handle' is new: ('handle', 'hello',
'RabbitSubscriber')

Passes (0) on 0.6.0rc2, fails (1) on 0.6.0rc1.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream import Context
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg, it=Context("handler_")):
    seen.append(("handle", msg, type(it).__name__))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', 'hello', 'RabbitSubscriber')" in str(x) for x in seen) else 1)
