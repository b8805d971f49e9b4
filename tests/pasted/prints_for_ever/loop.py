"""The same with an exchange of its own and one line a round; after #1346."""
import asyncio, os
from faststream.rabbit import RabbitBroker, RabbitExchange

URL = os.environ["AMQP_URL"]
readings = RabbitExchange("readings")

async def main():
    b1 = RabbitBroker(URL)
    await b1.start()
    await b1.declare_exchange(readings)
    n = 0
    while True:
        await b1.publish("one", exchange=readings, routing_key="r")
        b2 = RabbitBroker(URL)
        await b2.start()
        await b2.publish("two", exchange=readings, routing_key="r")
        await getattr(b2, "stop", getattr(b2, "close", None))()
        n += 1
        print("round", n)
        await asyncio.sleep(0.3)

asyncio.run(main())
