"""order: tested=properties: the program notes 'handle' was ('handle', None, 0, None,
<DeliveryMode.NOT_PERSISTENT: 1>, None, 'demo', '', None, None, {}, False) and is ('handle',
None, 0, None, <DeliveryMode.NOT_PERSISTENT: 1>, 'faststream-<version>', 'demo', '', None, None,
{}, False)

Passes (0) on 0.5.9, fails (1) on 0.5.10.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitMessage, TestRabbitBroker

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg: RabbitMessage):
    seen.append(("handle", msg.raw_message.expiration, msg.raw_message.priority, msg.raw_message.type, msg.raw_message.delivery_mode, msg.raw_message.app_id, msg.raw_message.routing_key, msg.raw_message.exchange, msg.raw_message.user_id, msg.raw_message.content_encoding, msg.raw_message.headers, msg.raw_message.message_id == msg.correlation_id))


async def main():
    async with TestRabbitBroker(broker):
        seen.append(("published", await broker.publish("hello", "demo")))


asyncio.run(main())
sys.exit(0 if any("('handle', None, 0, None, <DeliveryMode.NOT_PERSISTENT: 1>, None, 'demo', '', None, None, {}, False)" in str(x) for x in seen) else 1)
