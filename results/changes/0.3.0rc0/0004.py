"""gone: place=router not in schema: it is new; before: BrokerRouter.__init__() got an unexpected
keyword argument 'include_in_schema'

Passes (0) on 0.3.0rc0, fails (1) on 0.2.15.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, RabbitRouter

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])
router = RabbitRouter(include_in_schema=False)


@router.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


broker.include_router(router)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
