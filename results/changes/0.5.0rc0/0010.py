"""gone: place=routes with publishers and 1 like it: it is new; before: cannot import name
'RabbitPublisher' from 'faststream.rabbit' (<python>/faststream/rabbit/__init__.py)

Passes (0) on 0.5.0rc0, fails (1) on 0.4.7.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, RabbitPublisher, RabbitRoute, RabbitRouter

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


async def handle(msg):
    seen.append(("handle", msg))
    return "answer"


routes = RabbitRouter(handlers=[RabbitRoute(handle, "demo", publishers=[RabbitPublisher("demo-out")])])
broker.include_router(routes)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
