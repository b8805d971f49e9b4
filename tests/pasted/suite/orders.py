from faststream.rabbit import RabbitBroker


def make_broker():
    return RabbitBroker("amqp://guest:guest@0.0.0.0:6666/")
