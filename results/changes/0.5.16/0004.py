"""gone: connection=fail fast and 1 like it: it is new; before: RabbitBroker.__init__() got an
unexpected keyword argument 'fail_fast'

Passes (0) on 0.5.16, fails (1) on 0.5.15.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"], fail_fast=True)


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
