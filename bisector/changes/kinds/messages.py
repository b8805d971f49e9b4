"""What is published, with which properties, and how."""

from __future__ import annotations

from bisector.changes.grammar import dimension
from bisector.changes.kinds.handlers import DATACLASS, MODEL

PLAIN = """\
async def plain(body, **options):
    connection = await aio_pika.connect(os.environ["AMQP_URL"])
    async with connection, connection.channel() as channel:
        message = aio_pika.Message(body, **options)
        await channel.default_exchange.publish(message, $key)"""


def _plain(message: str) -> dict[str, str]:
    """A message that another client publishes."""
    return {"definitions": PLAIN.replace("$key", '"demo"'), "result": f"await plain({message})"}


DIMENSIONS = (
    dimension(
        "payloads", "payload",
        bytes={"payload": 'b"hello"'},
        bytes_of_no_text={"payload": 'b"\\xff\\x00"'},
        none={"payload": "None"},
        empty_text={"payload": '""'},
        number={"payload": "7"},
        float={"payload": "1.5"},
        true={"payload": "True"},
        dict={"payload": '{"number": 1, "name": "a"}'},
        nested={"payload": '{"number": 1, "more": [{"a": None}, 1.5]}'},
        empty_dict={"payload": "{}"},
        list={"payload": "[1, 2]"},
        list_of_dicts={"payload": '[{"number": 1}]'},
        empty_list={"payload": "[]"},
        tuple={"payload": "(1, 2)"},
        text_of_json={"payload": "'{\"number\": 1}'"},
        text_of_number={"payload": '"7"'},
        unicode={"payload": '"naïve ☃"'},
        dict_of_unicode={"payload": '{"number": 1, "name": "☃"}'},
        model={"definitions": MODEL, "payload": "Order(number=1)"},
        list_of_models={"definitions": MODEL, "payload": "[Order(number=1)]"},
        dict_of_model={"definitions": MODEL, "payload": '{"order": Order(number=1)}'},
        dataclass={"definitions": DATACLASS, "payload": "Item(1)"},
        date={"payload": "datetime(2024, 1, 2, 3, 4, 5)"},
        dict_of_date={"payload": '{"at": date(2024, 1, 2)}'},
        uuid={"payload": 'UUID("12345678123456781234567812345678")'},
        decimal={"payload": 'Decimal("1.10")'},
        large={"payload": '"a" * 200_000'},
        aio_pika_message={"payload": 'aio_pika.Message(b"raw")'},
        aio_pika_message_of_type={
            "payload": 'aio_pika.Message(b"raw", content_type="text/plain", message_id="7")'},
    ),
    dimension(
        "properties", "headers",
        text={"publish": 'headers={"a": "1"}'},
        number={"publish": 'headers={"a": 1}'},
        several={"publish": 'headers={"a": "1", "b": None, "c": [1, "x"]}'},
        empty={"publish": "headers={}"},
        empty_value={"publish": 'headers={"a": ""}'},
    ),
    dimension(
        "properties", "content_type",
        text={"publish": 'content_type="text/plain"'},
        json={"publish": 'content_type="application/json"'},
        unknown={"publish": 'content_type="application/xml"'},
        with_charset={"publish": 'content_type="text/plain; charset=utf-8"'},
        octets={"publish": 'content_type="application/octet-stream"'},
        encoding={"publish": 'content_encoding="utf-8"'},
    ),
    dimension(
        "properties", "property",
        correlation_id={"publish": 'correlation_id="mine"'},
        message_id={"publish": 'message_id="mine"'},
        expiration={"publish": "expiration=10"},
        expiration_of_part={"publish": "expiration=1.5"},
        expiration_of_timedelta={"publish": "expiration=timedelta(seconds=5)"},
        priority={"publish": "priority=5"},
        priority_zero={"publish": "priority=0"},
        timestamp={"publish": "timestamp=datetime(2024, 1, 2, tzinfo=timezone.utc)"},
        timestamp_of_number={"publish": "timestamp=1700000000"},
        type={"publish": 'message_type="created"'},
        user_id={"publish": 'user_id="nobody"'},
        app_id={"publish": 'app_id="mine"'},
        persistent={"publish": "persist=True"},
    ),
    dimension(
        "publishing", "delivery",
        mandatory_off={"publish": "mandatory=False"},
        immediate={"publish": "immediate=True"},
        timeout={"publish": "timeout=3"},
        unroutable={"started": 'seen.append(await broker.publish("lost", "demo-nowhere"))'},
        unroutable_not_mandatory={"started":
            'seen.append(await broker.publish("lost", "demo-nowhere", mandatory=False))'},
        no_destination={"started": 'seen.append(await broker.publish("lost"))'},
        twice={"last": ("$result", "await asyncio.sleep(0.2)")},
        five_at_once={"last": (
            "await asyncio.gather(*(broker.publish(str(n), $to) for n in range(5)))",
            "await asyncio.sleep(0.2)")},
        wrong_exchange={"last":
            'await broker.publish("x", "demo", RabbitExchange("demo-none", passive=True))'},
    ),
    dimension(
        "publishing", "by",
        publisher={"registered": "publisher = broker.publisher($publisher)",
                   "send": "await publisher.publish($payload$options)"},
        publisher_with_options={
            "registered": "publisher = broker.publisher($publisher, persist=True, priority=2)",
            "send": "await publisher.publish($payload$options)"},
        publisher_with_headers={
            "registered": 'publisher = broker.publisher($publisher, headers={"p": "1"})',
            "send": "await publisher.publish($payload$options)"},
        publisher_with_reply_to={
            "registered": 'publisher = broker.publisher($publisher, reply_to="demo-replies")',
            "send": "await publisher.publish($payload$options)"},
        publisher_of_schema={
            "registered": 'publisher = broker.publisher($publisher, title="out", schema=int)',
            "send": "await publisher.publish($payload$options)"},
        publisher_of_queue={"registered": 'publisher = broker.publisher(RabbitQueue("demo"))',
                            "send": "await publisher.publish($payload$options)"},
        publisher_called_with_queue={
            "registered": 'publisher = broker.publisher("demo-nowhere")',
            "send": "await publisher.publish($payload, queue=$to$options)"},
        publisher_on_router={
            "on": "router", "registered": 'publisher = router.publisher("demo")',
            "send": "await publisher.publish($payload$options)"},
        publisher_after_connect={"connected": "publisher = broker.publisher($publisher)",
                                 "send": "await publisher.publish($payload$options)"},
        publisher_after_start={"started": "publisher = broker.publisher($publisher)",
                               "send": "await publisher.publish($payload$options)"},
        publisher_persistent={
            "registered": "publisher = broker.publisher($publisher, persistent=True)",
            "send": "await publisher.publish($payload$options)"},
        queue_object={"send": 'await broker.publish($payload, RabbitQueue("demo")$options)'},
        routing_key={"send": 'await broker.publish($payload, routing_key="demo"$options)'},
        queue_keyword={"send": "await broker.publish($payload, queue=$to$options)"},
        message_keyword={"send": "await broker.publish(message=$payload, queue=$to$options)"},
        another_broker={"send": "await other.publish($message)",
                        "definitions": 'other = RabbitBroker(os.environ["AMQP_URL"])',
                        "connected": "await other.connect()"},
        plain_aio_pika=_plain('b"hello"'),
        plain_with_type=_plain('b"7", content_type="application/json"'),
        plain_wrong_json=_plain('b"{", content_type="application/json"'),
        plain_empty=_plain('b""'),
        plain_empty_json=_plain('b"", content_type="application/json"'),
        plain_unknown_type=_plain('b"hello", content_type="application/x-own"'),
        plain_with_properties=_plain('b"1", headers={"a": 1}, correlation_id="5", type="t"'),
        plain_reply_to_nowhere=_plain('b"hello", reply_to="demo-gone"'),
        batch={"send": "await broker.publish_batch($payload, $payload, queue=$to)"},
    ),
)  # fmt: skip
