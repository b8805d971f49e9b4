"""logs: reply=decorator of properties: log was ERROR TypeError: Message.__init__() got an
unexpected keyword argument 'message_type' (TypeError("Message.__init__() got an unexpected
keyword argument 'message... and is INFO Processed

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
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


@broker.publisher("demo-out", content_type="text/x-own", message_type="t", expiration=60, content_encoding="utf-8")
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
sys.exit(0 if any("ERROR TypeError: Message.__init__() got an unexpected keyword argument 'message_type'" in str(x) for x in seen) else 1)
