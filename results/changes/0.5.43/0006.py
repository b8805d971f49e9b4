"""logs: logger=format and 1 like it: DeprecationWarning is new: Argument `log_fmt` is deprecated
since 0.5.42 and will be removed in 0.6.0. Pass a pre-configured `logger` instead.

Passes (0) on 0.5.43, fails (1) on 0.5.42.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
import warnings
from faststream.rabbit import RabbitBroker

seen = []
warnings.simplefilter("always")
warnings.showwarning = lambda message, *_: seen.append(message)
broker = RabbitBroker(os.environ["AMQP_URL"], log_fmt="%(levelname)s %(message)s")


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('Argument `log_fmt` is deprecated since 0.5.42 and will be removed in 0.6.0. Pass a pre-configured `logger` instead.' in str(x) for x in seen) else 1)
