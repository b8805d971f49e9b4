"""gone: by=publisher persistent: it is new; before: RabbitRegistrator.publisher() got an
unexpected keyword argument 'persistent'

Passes (0) on 0.6.0rc3, fails (1) on 0.6.0rc2.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


publisher = broker.publisher("demo", persistent=True)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await publisher.publish("hello")))
        await asyncio.sleep(0.4)


asyncio.run(main())
