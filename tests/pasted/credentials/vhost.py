"""User, password and virtual host of a server at home; after #2652."""
import asyncio
from faststream.rabbit import RabbitBroker

async def pub():
    broker = RabbitBroker("amqp://shop:s3cret@localhost:5672/", virtualhost="domestic-aed")
    async with broker:
        await broker.publish("Hi!", queue="test-queue")
    print("sent")

asyncio.run(pub())
