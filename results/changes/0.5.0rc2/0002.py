"""raises: by=publisher with middleware and 9 like it: it raises TypeError: 'builtins.coroutine'
object does not support the asynchronous context manager protocol; now it ends

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0rc1.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import RabbitBroker

seen = []


async def noting(call_next, *args, **kwargs):
    seen.append("publisher noting")
    return await call_next(*args, **kwargs)


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


publisher = broker.publisher("demo", middlewares=[noting])


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await publisher.publish("hello")))
        await asyncio.sleep(0.4)


asyncio.run(main())
