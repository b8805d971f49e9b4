"""A test broker that knows no # in routing keys, beside a real one at 5673; after #1110."""
import asyncio
from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue, TestRabbitBroker

broker = RabbitBroker("amqp://guest:guest@localhost:5673/")
exch = RabbitExchange("exchange", auto_delete=True, type=ExchangeType.TOPIC)
seen = []

@broker.subscriber(RabbitQueue("test-queue-1", auto_delete=True, routing_key="a.#"), exch)
async def handler(message: str):
    seen.append(message)

async def count():
    await broker.publish("hello", routing_key="a.b", exchange=exch)
    for _ in range(20):
        if seen:
            break
        await asyncio.sleep(0.1)
    number = len(seen)
    seen.clear()
    return number

async def main():
    await broker.start()
    real = await count()
    await getattr(broker, "stop", getattr(broker, "close", None))()
    async with TestRabbitBroker(broker):
        test = await count()
    print("real", real, "test", test)
    assert real == test == 1

asyncio.run(main())
