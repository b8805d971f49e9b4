"""logs: argument=positional only and 6 like it: log was INFO TypeError: handle() got some
positional-only arguments passed as keyword arguments: 'msg' (TypeError("handle() got some
positional-only arguments passed as... and is ERROR TypeError: handle() got some positional-only
arguments passed as keyword arguments: 'msg' (TypeError("handle() got some positional-only
arguments passed a...

Passes (0) on 0.6.1, fails (1) on 0.6.2.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg, /):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("INFO TypeError: handle() got some positional-only arguments passed as keyword arguments: 'msg'" in str(x) for x in seen) else 1)
