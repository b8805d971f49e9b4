"""Ten questions at once to a handler that takes its time, and all must be answered; after #1318."""
import asyncio, time
from faststream.rabbit import RabbitBroker

broker = RabbitBroker("amqp://guest:guest@localhost:5672/", max_consumers=10)

@broker.subscriber("test")
async def answer(n: int) -> int:
    await asyncio.sleep(0.1)
    return n

async def ask(n):
    reply = await broker.request(n, "test", timeout=10)
    return int(reply.body)

async def main():
    await broker.start()
    began = time.monotonic()
    got = await asyncio.gather(*(ask(n) for n in range(10)))
    print(got, round(time.monotonic() - began, 1))
    assert got == list(range(10)), got

asyncio.run(main())
