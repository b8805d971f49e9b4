from faststream.rabbit import RabbitBroker

broker = RabbitBroker("amqp://guest:guest@127.0.0.1:5672/")
publisher = broker.publisher("mytool")
seen = []


@broker.subscriber("mytool")
async def on_message(msg: str):
    seen.append(msg)
