"""gone: connection=channel that raises and 8 like it: it is new; before: cannot import name
'Channel' from 'faststream.rabbit' (<python>/faststream/rabbit/__init__.py)

Passes (0) on 0.5.39, fails (1) on 0.5.37.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import Channel, RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"], default_channel=Channel(on_return_raises=True))


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
