"""A handler that computes for nine seconds, and the next message is still served; after #2217."""
import asyncio, os, time
from faststream.rabbit import RabbitBroker

broker = RabbitBroker(os.environ["AMQP_URL"])
done = []

@broker.subscriber("heavy")
async def heavy(msg: str):
    x = 0
    while msg == "first" and time.process_time() < 9:
        x = (x * 31 + 7) % 1000003
    done.append(msg)

async def main():
    await broker.start()
    await broker.publish("first", "heavy")
    await broker.publish("second", "heavy")
    while len(done) < 2:
        await asyncio.sleep(0.05)
    print(done, "after", round(time.process_time(), 1), "s of CPU")

asyncio.run(main())
