"""order: middleware=on subscriber bound: the program notes 'noting' is new: noting

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0rc1.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []


async def noting(call_next, msg):
    seen.append("noting")
    return await call_next(msg)


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", middlewares=[noting])
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('noting' in str(x) for x in seen) else 1)
