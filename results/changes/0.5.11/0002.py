"""wire: exchange=bound with arguments: Exchange.Bind sent, routing_key, was '' and is 'demo-x'

Passes (0) on 0.5.10, fails (1) on 0.5.11.  Found by `nox -s changes`.
"""

import asyncio
import os
import pamqp.frame
import sys
from faststream.rabbit import RabbitBroker, RabbitExchange

seen = []
frames, marshal = [], pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: frames.append(frame) or marshal(frame, channel)
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", RabbitExchange("demo-x", bind_to=RabbitExchange("demo-y"), bind_arguments={"a": 1}))
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo", exchange=RabbitExchange("demo-x", bind_to=RabbitExchange("demo-y"), bind_arguments={"a": 1}))))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if "''" in [repr(frame.routing_key) for frame in frames if frame.name == 'Exchange.Bind'] else 1)
