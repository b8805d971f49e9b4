"""order: reply=publisher with middleware: the program notes 'publisher noting' is new: publisher
noting

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0rc1.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []


async def noting(call_next, *args, **kwargs):
    seen.append("publisher noting")
    return await call_next(*args, **kwargs)


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.publisher("demo-out", middlewares=[noting])
@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('publisher noting' in str(x) for x in seen) else 1)
