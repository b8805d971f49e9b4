"""raises: tested=properties: it raises ValidationError: 1 validation error for handle msg Input
should be a dictionary or an instance of RabbitMessage [type=dataclass_type,
input_value='hello', input...; now it ends

Passes (0) on 0.2.4, fails (1) on 0.2.3.  Found by `nox -s changes`.
"""

import asyncio
import os
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
