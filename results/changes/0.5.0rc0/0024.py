"""logs: reply=publishers middlewares: RuntimeWarning is new: coroutine 'noting.<locals>.noted' was
never awaited

Passes (0) on 0.5.0rc0, fails (1) on 0.4.7.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
import warnings
from faststream.rabbit import RabbitBroker

seen = []
warnings.simplefilter("always")
warnings.showwarning = lambda message, *_: seen.append(message)


def noting(name):
    async def noted(call_next, *args, **kwargs):
        seen.append(f"{name} publishes")
        return await call_next(*args, **kwargs)

    return noted


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.publisher("demo-out", middlewares=[noting("first"), noting("second")])
@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    return "answer"


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any(".noted' was never awaited" in str(x) for x in seen) else 1)
