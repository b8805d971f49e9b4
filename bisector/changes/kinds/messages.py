"""What is published, with which properties, and how."""

from __future__ import annotations

from bisector.changes.grammar import dimension
from bisector.changes.kinds.arguments import DATACLASS, ENUM, MODEL
from bisector.changes.kinds.brokers import PARTS

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
        bytearray={"payload": 'bytearray(b"hello")'},
        set={"payload": "{7}"},
        enum={"definitions": ENUM, "payload": "Colour.RED"},
        named_tuple={"definitions": 'from collections import namedtuple\n'
                     'Point = namedtuple("Point", "x y")', "payload": "Point(1, 2)"},
        timedelta={"payload": "timedelta(seconds=5)"},
        date_with_zone={"payload": "datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc)"},
        not_a_number={"payload": 'float("nan")'},
        large_number={"payload": "2 ** 70"},
        dict_of_bytes={"payload": '{"a": b"b"}'},
        dict_of_enum={"definitions": ENUM, "payload": '{"a": Colour.RED}'},
        dict_of_uuid={"payload": '{"a": UUID("12345678123456781234567812345678")}'},
        dict_of_decimal={"payload": '{"a": Decimal("1.10")}'},
        dict_of_numbers_as_keys={"payload": '{1: "a"}'},
        model_with_alias={"definitions": "class Named(BaseModel):\n"
                          '    it: int = Field(alias="number")', "payload": "Named(number=1)"},
        model_with_date={"definitions": "class Dated(BaseModel):\n    at: datetime",
                         "payload": "Dated(at=datetime(2024, 1, 2))"},
        model_with_nothing={"definitions": "class Open(BaseModel):\n"
                            "    number: int = 1\n    name: Optional[str] = None",
                            "payload": "Open()"},
        dict_of_dataclass={"definitions": DATACLASS, "payload": '{"item": Item(1)}'},
        list_of_dataclasses={"definitions": DATACLASS, "payload": "[Item(1)]"},
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
        nested={"publish": 'headers={"a": {"b": [1, {"c": "d"}]}}'},
        date={"publish": 'headers={"a": datetime(2024, 1, 2, tzinfo=timezone.utc)}'},
        bytes={"publish": 'headers={"a": b"1"}'},
        float={"publish": 'headers={"a": 1.5, "b": True, "c": Decimal("1.1")}'},
        of_broker={"publish": 'headers={"content-type": "x", "correlation_id": "y"}'},
        none={"publish": "headers=None"},
        delay={"publish": 'headers={"x-delay": 5}'},
    ),
    dimension(
        "properties", "content_type",
        text={"publish": 'content_type="text/plain"'},
        json={"publish": 'content_type="application/json"'},
        unknown={"publish": 'content_type="application/xml"'},
        with_charset={"publish": 'content_type="text/plain; charset=utf-8"'},
        octets={"publish": 'content_type="application/octet-stream"'},
        encoding={"publish": 'content_encoding="utf-8"'},
        gzip={"publish": 'content_encoding="gzip"'},
        json_with_charset={"publish": 'content_type="application/json; charset=utf-8"'},
        json_of_own={"publish": 'content_type="application/vnd.own+json"'},
        upper_case={"publish": 'content_type="APPLICATION/JSON"'},
        empty={"publish": 'content_type=""'},
        none={"publish": "content_type=None"},
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
        expiration_of_date={
            "publish": "expiration=datetime.now(timezone.utc) + timedelta(seconds=90)"},
        expiration_zero={"publish": "expiration=0"},
        timestamp_without_zone={"publish": "timestamp=datetime(2024, 1, 2)"},
        timestamp_now={"publish": "timestamp=datetime.now()"},
        correlation_id_of_uuid={
            "publish": 'correlation_id=UUID("12345678123456781234567812345678")'},
        correlation_id_empty={"publish": 'correlation_id=""'},
        both_ids={"publish": ('correlation_id="mine"', 'message_id="other"')},
        user_id_right={"definitions": PARTS, "publish": "user_id=url.username"},
        reply_to_itself={"publish": 'reply_to="demo"'},
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
        in_order={"last": ("for n in range(5):", "    await broker.publish(str(n), $to)",
                           "await asyncio.sleep(0.2)")},
        fifty_at_once={"last": (
            "await asyncio.gather(*(broker.publish(str(n), $to) for n in range(50)))",
            "await asyncio.sleep(0.4)")},
        cancelled={"last": ("sending = asyncio.ensure_future(broker.publish($message))",
            "await asyncio.sleep(0)", "sending.cancel()",
            "seen.append(await asyncio.gather(sending, return_exceptions=True))",
            "await broker.publish($message)")},
        from_thread={"last": "await asyncio.wrap_future(asyncio.run_coroutine_threadsafe("
                             "broker.publish($message), asyncio.get_running_loop()))"},
        not_routed_and_again={"started": (
            "try:", '    await broker.publish("lost", "demo-nowhere")',
            "except Exception as error:",
            '    seen.append(("not routed", type(error).__name__))',
            'await broker.publish("found", $to)')},
        after_unknown_exchange={"started": (
            "try:", '    await broker.publish("lost", "demo", "demo-unknown", timeout=1)',
            "except Exception as error:",
            '    seen.append(("not there", type(error).__name__))',
            'await broker.publish("found", $to)')},
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
        publisher_of_key={
            "registered": 'publisher = broker.publisher(routing_key="demo")',
            "send": "await publisher.publish($payload$options)"},
        publisher_of_key_and_exchange={
            "queue": 'RabbitQueue("demo", routing_key="demo.key")',
            "exchange": 'RabbitExchange("demo-x", type=ExchangeType.TOPIC)', "registered":
            'publisher = broker.publisher(routing_key="demo.key", exchange=RabbitExchange('
            '"demo-x", type=ExchangeType.TOPIC))',
            "send": "await publisher.publish($payload$options)"},
        publisher_of_queue_and_key={
            "queue": 'RabbitQueue("demo", routing_key="demo-key")',
            "exchange": 'RabbitExchange("demo-x")', "registered":
            'publisher = broker.publisher("demo", routing_key="demo-key",'
            ' exchange=RabbitExchange("demo-x"))',
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
        publisher_of_all={
            "registered": 'publisher = broker.publisher($publisher, content_type="text/x-own",'
            ' message_type="t", expiration=60, content_encoding="utf-8", priority=1)',
            "send": "await publisher.publish($payload$options)"},
        publisher_mandatory_off={
            "registered": "publisher = broker.publisher($publisher, mandatory=False)",
            "send": "await publisher.publish($payload$options)"},
        publisher_and_more_headers={
            "registered": 'publisher = broker.publisher($publisher, headers={"p": "1", "q": "1"})',
            "send": 'await publisher.publish($payload, headers={"q": "2"})'},
        publisher_with_middleware={
            "definitions": "async def noting(call_next, *args, **kwargs):\n"
            '    seen.append("publisher noting")\n'
            "    return await call_next(*args, **kwargs)",
            "registered": "publisher = broker.publisher($publisher, middlewares=[noting])",
            "send": "await publisher.publish($payload$options)"},
        publisher_of_nothing={"registered": "publisher = broker.publisher()",
                              "send": "await publisher.publish($payload, queue=$to$options)"},
        publisher_to_other_key={"registered": "publisher = broker.publisher($publisher)",
            "send": 'await publisher.publish($payload, routing_key="demo-other"$options)'},
        publisher_to_other_exchange={
            "registered": "publisher = broker.publisher($publisher)", "send":
            'await publisher.publish($payload, exchange=RabbitExchange("demo-z")$options)'},
        publisher_by_keyword={"registered": 'publisher = broker.publisher(queue="demo")',
                              "send": "await publisher.publish(message=$payload$options)"},
        publisher_on_prefixed_router={"registered": (
            'extra = RabbitRouter(prefix="demo-p-")', 'publisher = extra.publisher("out")',
            "broker.include_router(extra)"), "send": "await publisher.publish($payload$options)"},
        publisher_prefixed_at_inclusion={"registered": (
            "extra = RabbitRouter()", 'publisher = extra.publisher("out")',
            'broker.include_router(extra, prefix="demo-p-")'),
            "send": "await publisher.publish($payload$options)"},
        publisher_before_inclusion={"registered": (
            "extra = RabbitRouter()", 'publisher = extra.publisher("demo-out")'),
            "started": "broker.include_router(extra)",
            "send": "await publisher.publish($payload$options)"},
        router_itself={"on": "router", "send": "await router.publish($message)"},
        request_then_publish={"send": "(await broker.request($message, timeout=2)).body"},
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
        plain_wrong_text=_plain('b"\\xff", content_type="text/plain"'),
        plain_bytes_of_no_text=_plain('b"\\x80\\x81\\x82"'),
        plain_json_without_type=_plain('b"[1]"'),
        plain_with_encoding=_plain('b"hello", content_encoding="gzip"'),
        plain_persistent=_plain('b"hello", delivery_mode=2, priority=4, expiration=5'),
        plain_charset=_plain("b'{\"number\": 1}', content_type=\"application/json; charset=utf8\""),
        plain_message_id=_plain('b"hello", message_id="7", timestamp=1700000000'),
        plain_reply_to_queue=_plain('b"hello", reply_to="demo-replies", correlation_id="9"'),
        batch={"send": "await broker.publish_batch($payload, $payload, queue=$to)"},
    ),
)  # fmt: skip
