"""order: object=exchange defaults and 4 like it: the program notes
('RabbitExchange("demo").durable', False), and now ('RabbitExchange("demo").durable', True)

Passes (0) on 0.7.0rc1, fails (1) on 0.7.0.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitExchange

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    seen.append(('RabbitExchange("demo").type', RabbitExchange("demo").type))
    seen.append(('RabbitExchange("demo").durable', RabbitExchange("demo").durable))
    seen.append(('RabbitExchange("demo").auto_delete', RabbitExchange("demo").auto_delete))
    seen.append(('RabbitExchange("demo").arguments', RabbitExchange("demo").arguments))
    seen.append(('RabbitExchange("demo").robust', RabbitExchange("demo").robust))
    seen.append(('RabbitExchange("demo").routing_key', RabbitExchange("demo").routing_key))


asyncio.run(main())
sys.exit(0 if any('(\'RabbitExchange("demo").durable\', False)' in str(x) for x in seen) else 1)
