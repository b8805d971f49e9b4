"""logs: argument=body and model and 31 like it: log was INFO ValidationError: 2 validation errors
for handle msg Input should be a valid dictionary or instance of Order [type=model_type,
input_value='h', input_type=s... and is ERROR ValidationError: 2 validation errors for handle
msg Input should be a valid dictionary or instance of Order [type=model_type, input_value='h',
input_type=...

Passes (0) on 0.6.1, fails (1) on 0.6.2.  Found by `nox -s changes`.
"""

import asyncio
import logging
import os
import sys
from faststream.rabbit import RabbitBroker
from pydantic import BaseModel

seen = []
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")


class Order(BaseModel):
    number: int
    name: str = ""


broker = RabbitBroker(os.environ["AMQP_URL"])


@broker.subscriber("demo")
async def handle(msg: Order, other: int = 5):
    seen.append(("handle", msg, other))


async def main():
    async with broker:
        await broker.start()
        seen.append(("published", await broker.publish("hello", "demo")))
        await asyncio.sleep(0.4)


asyncio.run(main())
sys.exit(0 if any('INFO ValidationError: 2 validation errors for handle\nmsg\n  Input should be a valid dictionary or instance of Order [type' in str(x) for x in seen) else 1)
