"""gone: handler=answers persistent and 2 like it: it is new; before: cannot import name
'RabbitResponse' from 'faststream.rabbit' (<python>/faststream/rabbit/__init__.py)

Passes (0) on 0.5.10, fails (1) on 0.5.9.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker, RabbitResponse

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    return RabbitResponse("answer", persist=True)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
