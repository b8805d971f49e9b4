"""logs: handler=answers persistent and 2 like it: log is no more: ERROR TypeError:
Response.__init__() got an unexpected keyword argument 'persist' (TypeError("Response.__init__()
got an unexpected keyword argument 'persist'")...

Passes (0) on 0.5.15, fails (1) on 0.5.16.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitResponse

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    return RabbitResponse("answer", persist=True)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("ERROR TypeError: Response.__init__() got an unexpected keyword argument 'persist'" in str(x) for x in seen) else 1)
