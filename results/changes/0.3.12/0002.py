"""order: routing=parameter with digits: the program notes 'published' was ('published',
DeliveredMessage(delivery=<Basic.Return>, header=<pamqp.header.ContentHeader>, body=b'hello',
channel=<Channel: "1">)) and is ('published', <Basic.Ack>)

Passes (0) on 0.3.12, fails (1) on 0.3.11.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream import Path
from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber(RabbitQueue("demo", routing_key="demo.{name1}.{name2}"), RabbitExchange("demo-x", type=ExchangeType.TOPIC))
async def handle(msg, name1: str = Path(), name2: str = Path()):
    seen.append(("handle", msg, name1, name2))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo.a.b", exchange=RabbitExchange("demo-x", type=ExchangeType.TOPIC))))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', 'hello', 'a', 'b')" in str(x) for x in seen) else 1)
