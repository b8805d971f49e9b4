"""order: context=scope: the program notes (None, None), and now (None, 5)

Passes (0) on 0.5.20, fails (1) on 0.5.21.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []


def context():
    return broker.context if hasattr(broker, "context") else faststream.context


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    with context().scope("mine", 0):
        seen.append((context().get("mine"), context().get_local("mine", 5)))
    seen.append((context().get("mine"), context().get_local("mine", 5)))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('(None, None)' in str(x) for x in seen) else 1)
