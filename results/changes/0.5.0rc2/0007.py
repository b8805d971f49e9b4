"""order: middleware=two of subscriber: the program notes 'second ends' is new: second ends

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0rc1.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []


def noting(name):
    async def noted(call_next, msg):
        seen.append(f"{name} begins")
        try:
            return await call_next(msg)
        finally:
            seen.append(f"{name} ends")

    return noted


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", middlewares=[noting("first"), noting("second")])
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('second ends' in str(x) for x in seen) else 1)
