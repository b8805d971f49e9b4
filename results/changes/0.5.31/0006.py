"""order: middleware=two of subscriber: second begins came where now first begins comes

Passes (0) on 0.5.30, fails (1) on 0.5.31.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream.rabbit import RabbitBroker

seen = []
marshal = pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: seen.append(frame.name) or marshal(frame, channel)


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
sys.exit(0 if next(i for i, x in enumerate(seen) if 'second begins' in str(x)) < next(i for i, x in enumerate(seen) if 'first begins' in str(x)) else 1)
