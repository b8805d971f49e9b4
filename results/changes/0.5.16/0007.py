"""order: tested=then real: the program notes 'published' was ('published', None) and is
('published', <Basic.Ack>)

Passes (0) on 0.5.15, fails (1) on 0.5.16.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, TestRabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with TestRabbitBroker(broker):
        seen.append(("published", await broker.publish("hello", "demo")))
    await broker.start()
    seen.append(("published", await broker.publish("hello", "demo")))
    await asyncio.sleep(0.4)
    await (broker.stop() if hasattr(broker, 'stop') else broker.close())


asyncio.run(main())
sys.exit(0 if [str(x) for x in seen].count("('published', None)") == 2 else 1)
