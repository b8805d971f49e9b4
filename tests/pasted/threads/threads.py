"""A broker in each thread, and the first of them to be done takes the others along; after #1346."""
import asyncio, os, threading
from faststream.rabbit import RabbitBroker

closed = threading.Event()

async def short():
    async with RabbitBroker(os.environ["AMQP_URL"]) as broker:
        await broker.publish("short", exchange="amq.topic", routing_key="x")
    closed.set()

async def main():
    broker = RabbitBroker(os.environ["AMQP_URL"])
    await broker.start()
    thread = threading.Thread(target=asyncio.run, args=(short(),))
    thread.start()
    while not closed.is_set():
        await asyncio.sleep(0.05)
    print("the other thread is done")
    await broker.publish("long", exchange="amq.direct", routing_key="x")
    print("and I am, too")

asyncio.run(main())
os._exit(0)
