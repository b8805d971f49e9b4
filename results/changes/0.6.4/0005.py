"""text: content_type=json with charset: log, text, was ERROR ValueError: 'application/json;
charset=utf-8' is not a valid ContentTypes (ValueError("'application/json; charset=utf-8' is not
a valid ContentTypes")) and is ERROR JSONDecodeError: Expecting value: line 1 column 1 (char 0)
(JSONDecodeError('Expecting value: line 1 column 1 (char 0)'))

Passes (0) on 0.6.3, fails (1) on 0.6.4.  Found by `nox -s changes`.
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
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo", content_type="application/json; charset=utf-8")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("ERROR ValueError: 'application/json; charset=utf-8' is not a valid ContentTypes" in str(x) for x in seen) else 1)
