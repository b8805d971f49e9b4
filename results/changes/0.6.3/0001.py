"""raises: place=router of two brokers: it raises IncorrectState: Logger object not set. Please,
call `broker.connect()` or `_setup_logger_state` of parent broker state.; now it ends

Passes (0) on 0.6.3, fails (1) on 0.6.2.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, RabbitRouter

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])
router = RabbitRouter()


@router.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


broker.include_router(router)
other = RabbitBroker(os.environ["AMQP_URL"])
other.include_router(router)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
