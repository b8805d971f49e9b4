"""A publisher that is made when the broker is connected already; after #1954."""
import asyncio
import os

from faststream.rabbit import RabbitBroker

async def main():
    broker = RabbitBroker(os.environ["RABBITMQ_URL"])
    await broker.connect()
    publisher = broker.publisher("artifact_download")
    await publisher.publish("artifact")
    print("published")

asyncio.run(main())
