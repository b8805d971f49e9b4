"""gone: said=two handlers of types: it is new; before:
RabbitBroker.subscriber.<locals>.consumer_wrapper() got an unexpected keyword argument 'filter'

Passes (0) on 0.5.0rc0, fails (1) on 0.4.7.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


async def handle(msg):
    seen.append(("handle", msg))


subscriber = broker.subscriber("demo")


@subscriber(filter=lambda m: False)
async def first(number: int):
    pass

@subscriber
async def second(text: str):
    pass


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
