"""One router from another file in two brokers, one after the other; after #2587."""
import asyncio

from faststream.rabbit import RabbitBroker, TestRabbitBroker

from handlers import router
from util.settings import URL


async def once(n):
    broker = RabbitBroker(URL)
    broker.include_router(router)
    async with TestRabbitBroker(broker) as br:
        await br.publish("hi", "in-queue")
    print("time", n, "worked")


async def main():
    await once(1)
    await once(2)


asyncio.run(main())
