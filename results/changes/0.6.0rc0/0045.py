"""gone: place=routers keyword: it is new; before: RabbitBroker.__init__() got an unexpected
keyword argument 'routers'

Passes (0) on 0.6.0rc0, fails (1) on 0.5.48.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, RabbitRouter

seen = []
router = RabbitRouter()
broker = RabbitBroker(os.environ["AMQP_URL"], routers=[router])
router = RabbitRouter()


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
