"""logs: filter=by headers: log was ..., 'routing_key': 'demo', 'timestamp': None, 'type': 'None',
'user_id': None} (SubscriberNotFound("There is no suitable handler for
msg=IncomingMessage:{'app_... and is ..., 'routing_key': 'demo', 'timestamp': <now>, 'type':
'None', 'user_id': None} (SubscriberNotFound("There is no suitable handler for
msg=IncomingMessage:{'app...

Passes (0) on 0.5.41, fails (1) on 0.5.42.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.rabbit import RabbitBroker

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")
broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo", filter=lambda m: bool(m.headers.get("a")))
async def handle(msg):
    seen.append(("handle", msg))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any(",\n 'routing_key': 'demo',\n 'timestamp': None,\n 'type': 'None',\n 'user_id': None}" in str(x) for x in seen) else 1)
