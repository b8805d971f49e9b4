"""raises: refused=middleware of no class: it ends; now it raises TypeError: 'NoneType' object is
not callable

Passes (0) on 0.5.5, fails (1) on 0.5.6.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


try:
    broker.add_middleware(None)


except Exception as error:
    seen.append(("refused", type(error).__name__, str(error)))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
