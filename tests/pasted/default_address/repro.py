"""Two brokers at the default address, one of them closed in every round; after #1346."""
import asyncio
from faststream.rabbit import RabbitBroker

first = RabbitBroker()

async def main():
    await first.start()
    while True:
        await first.publish("from the first", exchange="read_exchange", routing_key="read_queue")
        async with RabbitBroker() as second:
            await second.publish("from the second", exchange="read_exchange", routing_key="read_queue")
        await asyncio.sleep(0.3)


asyncio.run(main())
