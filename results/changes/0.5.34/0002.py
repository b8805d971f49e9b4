"""gone: queue=classic and 5 like it: it is new; before: cannot import name 'QueueType' from
'faststream.rabbit' (<python>/faststream/rabbit/__init__.py)

Passes (0) on 0.5.34, fails (1) on 0.5.33.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import QueueType, RabbitBroker, RabbitQueue

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber(RabbitQueue("demo", queue_type=QueueType.CLASSIC))
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
