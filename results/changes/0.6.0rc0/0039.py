"""gone: document=of asgi and 3 like it: it is new; before: cannot import name 'AsyncAPI' from
'faststream' (<python>/faststream/__init__.py)

Passes (0) on 0.6.0rc0, fails (1) on 0.5.48.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import os
from faststream import AsyncAPI
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    from faststream.specification import AsyncAPI
    document = AsyncAPI(broker, title="T", version="1.2.3")
    seen.append(document.to_specification().to_json())


asyncio.run(main())
