"""`faststream run app:app`, with what is sent after the start; after #2225 and #1325."""
import os
from typing import Any

from faststream import FastStream
from faststream.rabbit import RabbitBroker
from faststream.rabbit.annotations import RabbitMessage

broker = RabbitBroker("amqp://guest:guest@localhost:5672/")
app = FastStream(broker)


@broker.subscriber("first-handler")
async def first_handler(body: Any, msg: RabbitMessage):
    print("timestamp", msg.raw_message.timestamp, flush=True)
    os._exit(0 if msg.raw_message.timestamp else 1)


@app.after_startup
async def send():
    await broker.publish("hello", "first-handler")
