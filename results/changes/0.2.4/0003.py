"""gone: context=header and 6 like it: it is new; before: cannot import name 'Header' from
'faststream' (<python>/faststream/__init__.py)

Passes (0) on 0.2.4, fails (1) on 0.2.3.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import Header
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg, a: str = Header(default="none")):
    seen.append(("handle", msg, a))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
