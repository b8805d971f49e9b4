"""text: reply=decorator immediate: log, text, was ERROR CancelledError: (CancelledError()) and is
ERROR UnboundLocalError: cannot access local variable 'err' where it is not associated with a
value (UnboundLocalError("cannot access local variable 'err' where...

Passes (0) on 0.5.0rc1, fails (1) on 0.5.0rc2.  Found by `nox -s changes`.
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


@broker.publisher("demo-out", immediate=True)
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
sys.exit(0 if any('ERROR CancelledError: ' in str(x) for x in seen) else 1)
