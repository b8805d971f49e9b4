"""gone: object=routers of one name: it is gone: 'RabbitRouter' object has no attribute 'prefix'

Passes (0) on 0.5.48, fails (1) on 0.6.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, RabbitRouter

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    seen.append(('RabbitRouter("demo-").prefix', RabbitRouter("demo-").prefix))


asyncio.run(main())
