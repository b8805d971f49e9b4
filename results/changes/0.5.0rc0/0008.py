"""gone: types=decorated: it is gone: RabbitBroker.__init__() got an unexpected keyword argument
'_call_decorators'

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import functools
import os
from faststream.rabbit import RabbitBroker

seen = []


def noted(call):
    @functools.wraps(call)
    async def inner(*args, **kwargs):
        seen.append("decorated")
        return await call(*args, **kwargs)

    return inner


broker = RabbitBroker(os.environ["AMQP_URL"], _call_decorators=[noted])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
