"""logs: url=in connect and 1 like it: DeprecationWarning is new: `RabbitBroker().connect(...)
options were deprecated in **FastStream <version>**. Please, use `RabbitBroker(...)` instead.
All these options will be removed in ...

Passes (0) on 0.5.40, fails (1) on 0.5.39.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
import warnings
from faststream.rabbit import RabbitBroker

seen = []
warnings.simplefilter("always")
warnings.showwarning = lambda message, *_: seen.append(message)
broker = RabbitBroker()


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    await broker.connect(os.environ["AMQP_URL"])
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('**. Please, use `RabbitBroker(...)` instead. All these options will be removed in **FastStream ' in str(x) for x in seen) else 1)
