"""order: object=queue defaults: the program notes ('RabbitQueue("demo").arguments', None), and now
('RabbitQueue("demo").arguments', {'x-queue-type': 'classic'})

Passes (0) on 0.5.33, fails (1) on 0.5.34.  Found by `nox -s changes`.
"""

import asyncio
import os
import sys
from faststream.rabbit import RabbitBroker, RabbitQueue

seen = []
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    seen.append(('RabbitQueue("demo").durable', RabbitQueue("demo").durable))
    seen.append(('RabbitQueue("demo").exclusive', RabbitQueue("demo").exclusive))
    seen.append(('RabbitQueue("demo").auto_delete', RabbitQueue("demo").auto_delete))
    seen.append(('RabbitQueue("demo").arguments', RabbitQueue("demo").arguments))
    seen.append(('RabbitQueue("demo").robust', RabbitQueue("demo").robust))
    seen.append(('RabbitQueue("demo").routing_key', RabbitQueue("demo").routing_key))


asyncio.run(main())
sys.exit(0 if any('(\'RabbitQueue("demo").arguments\', None)' in str(x) for x in seen) else 1)
