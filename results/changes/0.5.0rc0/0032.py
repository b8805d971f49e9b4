"""logs: life=never stopped while working: task AsyncHandler.consume left behind is no more

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))
    await asyncio.sleep(0.4)
    seen.append("done")


async def main():
    await broker.start()
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.1)
    seen.extend(task.get_coro().__qualname__ for task in asyncio.all_tasks())


asyncio.run(main())
sys.exit(0 if any('AsyncHandler.consume' in str(x) for x in seen) else 1)
