"""A subscriber gets what was published right before, and nothing else; after #1384."""
import asyncio
import os

from faststream.rabbit import RabbitBroker

broker = RabbitBroker(os.environ.get("AMQP_URL", "amqp://guest:guest@localhost:5672/"))
got = []


@broker.subscriber("orders")
async def on_order(msg: str):
    print("got", msg)
    got.append(msg)


async def main():
    await broker.start()
    mine = [f"order {os.getpid()}-{n}" for n in range(5)]
    for order in mine:
        await broker.publish(order, "orders")
        await asyncio.sleep(0.1)
    for _ in range(50):
        if len(got) >= len(mine):
            break
        await asyncio.sleep(0.1)
    assert got == mine, f"sent {mine}, got {got}"


asyncio.run(main())
