"""logs: filter=of none: log was INFO SubscriberNotFound: There is no suitable handler for
msg=IncomingMessage:{'app_id': 'faststream-<version>', 'body_size': 5, 'cluster_id': '',
'consumer_tag... and is ERROR SubscriberNotFound: There is no suitable handler for
msg=IncomingMessage:{'app_id': 'faststream-<version>', 'body_size': 5, 'cluster_id': '',
'consumer_ta...

Passes (0) on 0.6.1, fails (1) on 0.6.2.  Found by `nox -s changes`.
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


async def handle(msg):
    seen.append(("handle", msg))


subscriber = broker.subscriber("demo")
subscriber(handle, filter=lambda m: False)


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any("INFO SubscriberNotFound: There is no suitable handler for msg=IncomingMessage:{'app_id': 'faststream-" in str(x) for x in seen) else 1)
