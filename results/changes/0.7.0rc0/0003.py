"""gone: middleware=exceptions of subscriber and 4 like it: it is gone:
RabbitRegistrator.subscriber() got an unexpected keyword argument 'middlewares'

Passes (0) on 0.6.7, fails (1) on 0.7.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream import ExceptionMiddleware
from faststream.rabbit import RabbitBroker

seen = []
errors = ExceptionMiddleware({ValueError: lambda error: seen.append(("on error", error))})
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", middlewares=[errors])
async def handle(msg):
    seen.append(("handle", msg))
    raise ValueError("handler")


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
