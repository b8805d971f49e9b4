"""order: handler=requests: the program notes b'second', too

Passes (0) on 0.5.19, fails (1) on 0.5.18.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    seen.append((await broker.request("x", "demo-2", timeout=1)).body)


@broker.subscriber("demo-2")
async def second(msg):
    return "second"


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("b'second'" in str(x) for x in seen) else 1)
