"""order: by=publisher of key and exchange: Queue.Declare came where now Exchange.Declare comes

Passes (0) on 0.2.7, fails (1) on 0.2.8.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

seen = []
marshal = pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: seen.append(frame.name) or marshal(frame, channel)
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber(RabbitQueue("demo", routing_key="demo.key"), RabbitExchange("demo-x", type=ExchangeType.TOPIC))
async def handle(msg):
    seen.append(("handle", msg))


publisher = broker.publisher(routing_key="demo.key", exchange=RabbitExchange("demo-x", type=ExchangeType.TOPIC))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await publisher.publish("hello")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if next(i for i, x in enumerate(seen) if 'Queue.Declare' in str(x)) < next(i for i, x in enumerate(seen) if 'Exchange.Declare' in str(x)) else 1)
