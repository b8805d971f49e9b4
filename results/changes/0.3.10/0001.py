"""gone: context=initial: it is new; before: Context() got an unexpected keyword argument 'initial'

Passes (0) on 0.3.10, fails (1) on 0.3.9.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import Context
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg, it=Context("made", initial=list)):
    seen.append(("handle", msg, it))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
