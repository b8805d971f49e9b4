"""order: argument=message properties: the program notes 'handle' was ('handle', None, 0, None,
<DeliveryMode.NOT_PERSISTENT: 1>, None, 'demo') and is ('handle', None, 0, None,
<DeliveryMode.NOT_PERSISTENT: 1>, 'faststream-<version>', 'demo')

Passes (0) on 0.4.7, fails (1) on 0.5.0rc0.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitMessage

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg: RabbitMessage):
    seen.append(("handle", msg.raw_message.expiration, msg.raw_message.priority, msg.raw_message.type, msg.raw_message.delivery_mode, msg.raw_message.app_id, msg.raw_message.routing_key))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("('handle', None, 0, None, <DeliveryMode.NOT_PERSISTENT: 1>, None, 'demo')" in str(x) for x in seen) else 1)
