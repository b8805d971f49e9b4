"""What a router's handler answers goes to the queue that its publisher names."""

import asyncio
import os
import sys

from faststream.rabbit import RabbitBroker, RabbitRouter

broker = RabbitBroker(os.environ["AMQP_URL"])
router = RabbitRouter()
answers = []


@router.subscriber("in")
@router.publisher("demo-out")
async def handle(msg):
    return "answer"


@broker.subscriber("demo-out")
async def answered(msg):
    answers.append(msg)


broker.include_router(router, prefix="demo-")


async def main():
    async with broker:
        await broker.start()
        await broker.publish("question", "demo-in")
        await asyncio.sleep(0.5)


asyncio.run(main())
sys.exit(0 if answers == ["answer"] else 1)
