"""gone: consuming=persistent reply and 1 like it: it is new; before:
RabbitRegistrator.subscriber() got an unexpected keyword argument 'persistent'

Passes (0) on 0.6.0rc3, fails (1) on 0.6.0rc2.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", persistent=True)
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
