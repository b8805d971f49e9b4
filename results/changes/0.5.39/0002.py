"""gone: connection=client properties of class: it is new; before: cannot import name
'RabbitClientProperties' from 'faststream.rabbit.utils' (<python>/faststream/rabbit/utils.py)

Passes (0) on 0.5.39, fails (1) on 0.5.37.  Found by `nox -s changes`.
"""

import asyncio
import faststream
import os
from faststream.rabbit import RabbitBroker

seen = []
from faststream.rabbit.utils import RabbitClientProperties
broker = RabbitBroker(os.environ["AMQP_URL"], client_properties=RabbitClientProperties(heartbeat=7, connection_name="mine"))


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
