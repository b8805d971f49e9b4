"""The time of sending is set by itself, the docs say; after #2225."""
import asyncio, os
from faststream.rabbit import RabbitBroker
from faststream.rabbit.annotations import RabbitMessage

class config:
    MQ_HOST = os.getenv("MQ_HOST", "rabbit")
    MQ_PORT = os.getenv("MQ_PORT", "5672")
    MQ_USER = os.getenv("MQ_USER", "admin")
    MQ_PWD = os.getenv("MQ_PWD", "admin")

broker = RabbitBroker(f"amqp://{config.MQ_USER}:{config.MQ_PWD}@{config.MQ_HOST}:{config.MQ_PORT}/")
seen = []

@broker.subscriber("first-handler")
async def first_handler(body: str, msg: RabbitMessage):
    seen.append(msg.raw_message.timestamp)

async def main():
    await broker.start()
    await broker.publish("hi", "first-handler")
    for _ in range(100):
        await asyncio.sleep(0.05)
        if seen:
            break
    print("timestamp:", seen)
    assert seen[0] is not None

asyncio.run(main())
