"""gone: acknowledging=on router: it is new; before: RabbitRouter.__init__() got an unexpected
keyword argument 'ack_policy'

Passes (0) on 0.7.0rc1, fails (1) on 0.7.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import AckPolicy
from faststream.rabbit import RabbitBroker, RabbitRouter

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])
router = RabbitRouter(ack_policy=AckPolicy.MANUAL)


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
