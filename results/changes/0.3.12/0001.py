"""order: routing=parameter and hash and 1 like it: the program notes 'handle' is new: ('handle',
'hello', 'a')

Passes (0) on 0.3.12, fails (1) on 0.3.11.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream import Path
from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber(RabbitQueue("demo", routing_key="demo.{name}.#"), RabbitExchange("demo-x", type=ExchangeType.TOPIC))
async def handle(msg, name: str = Path()):
    seen.append(("handle", msg, name))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo.a.b.c", exchange=RabbitExchange("demo-x", type=ExchangeType.TOPIC))))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', 'hello', 'a')" in str(x) for x in seen) else 1)
