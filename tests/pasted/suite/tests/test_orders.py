"""`pytest tests/test_orders.py -k lost`: messages by routing key are not seen; after #1480."""
import asyncio

from faststream.rabbit import ExchangeType, RabbitExchange, TestRabbitBroker


def test_nothing_is_lost(broker):
    exchange = RabbitExchange("test_exchange", type=ExchangeType.TOPIC)
    publisher = broker.publisher(exchange=exchange, routing_key="update")

    async def go():
        async with TestRabbitBroker(broker):
            for i in range(10):
                await publisher.publish(f"message {i}")
            assert publisher.mock.call_count == 10

    asyncio.run(go())


def test_something_else():
    assert False, "not asked for"
