"""gone: object=channel defaults: it is new; before: 'Channel' object has no attribute 'global_qos'

Passes (0) on 0.5.43, fails (1) on 0.5.42.  Found by `nox -s changes`.
"""

import asyncio
import os
from faststream.rabbit import Channel, RabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    seen.append(('Channel().prefetch_count', Channel().prefetch_count))
    seen.append(('Channel().global_qos', Channel().global_qos))
    seen.append(('Channel().publisher_confirms', Channel().publisher_confirms))
    seen.append(('Channel().on_return_raises', Channel().on_return_raises))


asyncio.run(main())
