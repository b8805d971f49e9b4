"""We made our queues durable with 0.5 and went back later; after #2892."""
import asyncio, os
from importlib.metadata import version
from faststream.rabbit import RabbitBroker, RabbitQueue

queue = RabbitQueue("events", durable=version("faststream").startswith("0.5"))

async def main():
    broker = RabbitBroker(os.environ["AMQP_URL"])
    await broker.start()
    await broker.declare_queue(queue)
    await broker.publish("hello", queue)
    print("declared", queue.name, "durable:", queue.durable)

asyncio.run(main())
