"""gone: by=publisher prefixed at inclusion and 4 like it: it is new; before:
ABCBroker.include_router() got an unexpected keyword argument 'prefix'

Passes (0) on 0.5.1, fails (1) on 0.5.0.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, RabbitRouter

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


extra = RabbitRouter()
publisher = extra.publisher("out")
broker.include_router(extra, prefix="demo-p-")


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await publisher.publish("hello")))
        await asyncio.sleep(0.4)


asyncio.run(main())
