"""gone: types=context of own: it is new; before: RabbitBroker.__init__() got an unexpected keyword
argument 'context'

Passes (0) on 0.6.0rc2, fails (1) on 0.6.0rc1.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import ContextRepo
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"], context=ContextRepo())


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
