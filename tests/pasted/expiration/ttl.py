"""A message's expiration as the handler sees it, in a test and in truth; after #2787."""
import asyncio
from faststream.rabbit import RabbitBroker, TestRabbitBroker
from faststream.rabbit.annotations import RabbitMessage

broker = RabbitBroker()
seen = []

@broker.subscriber("ttl")
async def handler(body: str, msg: RabbitMessage):
    seen.append(msg.raw_message.expiration)

async def main():
    await broker.start()
    await broker.publish("x", "ttl", expiration=10)
    while not seen:
        await asyncio.sleep(0.1)
    await getattr(broker, "stop", getattr(broker, "close", None))()
    async with TestRabbitBroker(broker) as br:
        await br.publish("x", "ttl", expiration=10)
    print(seen)
    assert len(seen) == 2 and seen[0] == seen[1]

asyncio.run(main())
