"""order: place=prefix and key and 1 like it: the program notes 'handle' was ('handle', 'without
the prefix') and is ('handle', 'hello')

Passes (0) on 0.5.5, fails (1) on 0.5.6.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitExchange, RabbitQueue, RabbitRouter

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])
router = RabbitRouter(prefix="demo-a-")


@router.subscriber(RabbitQueue("demo", routing_key="key"), RabbitExchange("demo-x"))
async def handle(msg):
    seen.append(("handle", msg))


broker.include_router(router)


async def main():
    async with broker:
        await broker.start()
        await broker.publish("without the prefix", "key", RabbitExchange("demo-x"))
        seen.append(("published", await broker.publish("hello", "demo-a-key", exchange=RabbitExchange("demo-x"))))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', 'without the prefix')" in str(x) for x in seen) else 1)
