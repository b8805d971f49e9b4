"""gone: connection=channel of all and 1 like it: it is new; before: Channel.__init__() got an
unexpected keyword argument 'global_qos'

Passes (0) on 0.5.43, fails (1) on 0.5.42.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import Channel, RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"], default_channel=Channel(prefetch_count=5, global_qos=True))


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
