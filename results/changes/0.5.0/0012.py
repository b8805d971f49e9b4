"""wire: routing=parameter and star: Basic.Reject sent is new: 1 False

Passes (0) on 0.5.0rc2, fails (1) on 0.5.0.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream import Path
from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

seen = []
frames, marshal = [], pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: frames.append(frame) or marshal(frame, channel)
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber(RabbitQueue("demo", routing_key="demo.*.{name}"), RabbitExchange("demo-x", type=ExchangeType.TOPIC))
async def handle(msg, name: str = Path()):
    seen.append(("handle", msg, name))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo.a.b", exchange=RabbitExchange("demo-x", type=ExchangeType.TOPIC))))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if [frame.name for frame in frames].count('Basic.Reject') == 0 else 1)
