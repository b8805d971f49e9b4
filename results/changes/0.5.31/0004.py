"""order: reply=publishers middlewares: second publishes came where now first publishes comes

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
    async def noted(call_next, *args, **kwargs):
        seen.append(f"{name} publishes")
        return await call_next(*args, **kwargs)

    return noted


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.publisher("demo-out", middlewares=[noting("first"), noting("second")])
@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    return "answer"


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if next(i for i, x in enumerate(seen) if 'second publishes' in str(x)) < next(i for i, x in enumerate(seen) if 'first publishes' in str(x)) else 1)
