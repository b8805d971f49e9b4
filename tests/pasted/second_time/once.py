"""Run it once and it is fine, run it again and the queue is there already; after #2721."""
import asyncio, os, sys
import aio_pika
from faststream.rabbit import RabbitBroker, RabbitQueue

async def main():
    if os.path.exists("already-ran"):
        sys.exit("second run: remove already-ran first")
    open("already-ran", "w").close()
    broker = RabbitBroker(os.environ["AMQP_URL"])
    await broker.start()
    connection = await aio_pika.connect(os.environ["AMQP_URL"])
    channel = await connection.channel()
    try:
        await channel.declare_queue("delay", passive=True)
    except aio_pika.exceptions.ChannelNotFoundEntity:
        pass
    else:
        sys.exit("the queue of the first run is still there")
    await broker.declare_queue(RabbitQueue("delay", durable=True, arguments={"x-message-ttl": 5000}))
    print("first run")

asyncio.run(main())
