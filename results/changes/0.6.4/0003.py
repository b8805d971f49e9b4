"""order: content_type=json of own and 1 like it: the program notes 'handle' is new: ('handle',
b'hello')

Passes (0) on 0.6.4, fails (1) on 0.6.3.  Found by `nox -s changes`.
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


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo", content_type="application/vnd.own+json")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', b'hello')" in str(x) for x in seen) else 1)
