"""Queues, exchanges and how a subscriber consumes."""

from __future__ import annotations

from bisector.changes.grammar import dimension

TOPIC = 'RabbitExchange("demo-x", type=ExchangeType.TOPIC)'
BUSY = {
    "definitions": "busy = []",
    "handler": (
        "seen.append(('at work', len(busy)))",
        "busy.append(msg)",
        "await asyncio.sleep(0.1)",
        "busy.remove(msg)",
    ),
    "last": (
        "await asyncio.gather(*(broker.publish(str(n), $to) for n in range(5)))",
        "await asyncio.sleep(0.7)",
    ),
}
"""Five messages come at once, and each takes its time."""


def _topic(pattern: str, key: str, *parameters: str) -> dict[str, str | tuple[str, ...]]:
    """A key that does or does not match a pattern, and what of it reaches the handler."""
    return {"queue": f'RabbitQueue("demo", routing_key="{pattern}")', "exchange": TOPIC,
            "key": key, "extra": tuple(f"{name}: str = Path()" for name in parameters),
            "notes": parameters}  # fmt: skip


DIMENSIONS = (
    dimension(
        "queues", "queue",
        object={"queue": 'RabbitQueue("demo")'},
        durable={"queue": 'RabbitQueue("demo", durable=True)'},
        exclusive={"queue": 'RabbitQueue("demo", exclusive=True)'},
        auto_delete={"queue": 'RabbitQueue("demo", auto_delete=True)'},
        arguments={"queue": 'RabbitQueue("demo", arguments={"x-max-length": 10})'},
        ttl={"queue": 'RabbitQueue("demo", arguments={"x-message-ttl": 5000})'},
        priorities={"queue": 'RabbitQueue("demo", arguments={"x-max-priority": 9})'},
        dead_letters={"queue":
            'RabbitQueue("demo", arguments={"x-dead-letter-exchange": "demo-dead"})'},
        quorum={"queue": 'RabbitQueue("demo", queue_type=QueueType.QUORUM, durable=True)'},
        quorum_by_argument={"queue":
            'RabbitQueue("demo", durable=True, arguments={"x-queue-type": "quorum"})'},
        classic={"queue": 'RabbitQueue("demo", queue_type=QueueType.CLASSIC)'},
        stream={"queue": 'RabbitQueue("demo", queue_type=QueueType.STREAM, durable=True)',
                "subscriber": "channel=Channel(prefetch_count=10)"},
        passive={"queue": 'RabbitQueue("demo", passive=True)'},
        not_declared={"queue": 'RabbitQueue("demo", declare=False)'},
        robust_off={"queue": 'RabbitQueue("demo", robust=False)'},
        timeout={"queue": 'RabbitQueue("demo", timeout=5)'},
        routing_key={"queue": 'RabbitQueue("demo", routing_key="demo-key")'},
        bind_arguments={"queue": 'RabbitQueue("demo", bind_arguments={"a": 1})'},
        by_keyword={"queue": 'queue="demo"'},
        named_by_rabbitmq={"queue": 'RabbitQueue("", exclusive=True)'},
        lazy={"queue": 'RabbitQueue("demo", arguments={"x-queue-mode": "lazy"})'},
        expires={"queue": 'RabbitQueue("demo", arguments={"x-expires": 60000})'},
        single_active={
            "queue": 'RabbitQueue("demo", arguments={"x-single-active-consumer": True})'},
        overflow={"queue": 'RabbitQueue("demo", arguments='
                           '{"x-max-length": 1, "x-overflow": "reject-publish"})'},
        delivery_limit={"queue": 'RabbitQueue("demo", queue_type=QueueType.QUORUM,'
                                 ' arguments={"x-delivery-limit": 2})'},
        dead_letters_consumed={
            "queue": 'RabbitQueue("demo", arguments={"x-dead-letter-exchange": "",'
                     ' "x-dead-letter-routing-key": "demo-dead"})',
            "registered": ('@broker.subscriber("demo-dead")', "async def dead(msg):",
                           '    seen.append(("dead", msg))')},
        name_with_dots={"queue": 'RabbitQueue("demo.a.b")', "key": "demo.a.b"},
        name_of_unicode={"queue": 'RabbitQueue("demo-ü")', "key": "demo-ü"},
        of_another_queue={"registered": 'second = RabbitQueue("demo-2", durable=True,'
                          ' exclusive=True, auto_delete=True)\n'
                          "broker.subscriber(second)(handle)"},
        with_path={"queue": 'RabbitQueue("demo", routing_key="demo.{name}.{number}")',
                   "exchange": 'RabbitExchange("demo-x", type=ExchangeType.TOPIC)',
                   "key": "demo.apple.7", "extra": ("name: str = Path()", "number: int = Path()"),
                   "notes": ("name", "number")},
    ),
    dimension(
        "exchanges", "exchange",
        by_name={"exchange": '"demo-x"'},
        direct={"exchange": 'RabbitExchange("demo-x")'},
        topic={"exchange": 'RabbitExchange("demo-x", type=ExchangeType.TOPIC)'},
        topic_with_key={
            "exchange": 'RabbitExchange("demo-x", type=ExchangeType.TOPIC)',
            "queue": 'RabbitQueue("demo", routing_key="demo.*.c")', "key": "demo.b.c"},
        fanout={"exchange": 'RabbitExchange("demo-x", type=ExchangeType.FANOUT)'},
        headers={"exchange": 'RabbitExchange("demo-x", type=ExchangeType.HEADERS)',
                 "queue": 'RabbitQueue("demo", bind_arguments={"kind": "a", "x-match": "all"})',
                 "publish": 'headers={"kind": "a"}'},
        durable={"exchange": 'RabbitExchange("demo-x", durable=True)'},
        auto_delete={"exchange": 'RabbitExchange("demo-x", auto_delete=True)'},
        passive={"exchange": 'RabbitExchange("demo-x", passive=True)'},
        not_declared={"exchange": 'RabbitExchange("demo-x", declare=False)'},
        arguments={"exchange":
            'RabbitExchange("demo-x", arguments={"alternate-exchange": "demo-other"})'},
        bound={"exchange": 'RabbitExchange("demo-x", bind_to=RabbitExchange("demo-y"))'},
        bound_by_key={"exchange":
            'RabbitExchange("demo-x", bind_to=RabbitExchange("demo-y"), routing_key="demo-key")'},
        robust_off={"exchange": 'RabbitExchange("demo-x", robust=False)'},
        named_default={"exchange": 'RabbitExchange("default")'},
        type_as_text={"exchange": 'RabbitExchange("demo-x", type="fanout")'},
        type_default={"exchange": 'RabbitExchange("demo-x", type=ExchangeType.DEFAULT)'},
        delayed={"exchange": 'RabbitExchange("demo-x", type=ExchangeType.X_DELAYED_MESSAGE,'
                             ' arguments={"x-delayed-type": "direct"})'},
        consistent_hash={
            "exchange": 'RabbitExchange("demo-x", type=ExchangeType.X_CONSISTENT_HASH)'},
        modulus_hash={"exchange": 'RabbitExchange("demo-x", type=ExchangeType.X_MODULUS_HASH)'},
        headers_any={"exchange": 'RabbitExchange("demo-x", type=ExchangeType.HEADERS)',
                     "queue": 'RabbitQueue("demo", bind_arguments='
                              '{"kind": "a", "size": 1, "x-match": "any"})',
                     "publish": 'headers={"kind": "a"}'},
        headers_not_matching={"exchange": 'RabbitExchange("demo-x", type=ExchangeType.HEADERS)',
                              "queue": 'RabbitQueue("demo", bind_arguments='
                                       '{"kind": "a", "x-match": "all"})',
                              "publish": 'headers={"kind": "b"}'},
        bound_twice={"exchange": 'RabbitExchange("demo-x", bind_to=RabbitExchange('
                                 '"demo-y", bind_to=RabbitExchange("demo-z")))'},
        bound_with_arguments={"exchange":
            'RabbitExchange("demo-x", bind_to=RabbitExchange("demo-y"), bind_arguments={"a": 1})'},
        timeout={"exchange": 'RabbitExchange("demo-x", timeout=5)'},
        other_than_consumed={"started": 'await broker.publish("elsewhere", "demo", "demo-other")'},
    ),
    dimension(
        "exchanges", "routing",
        star=_topic("demo.*.c", "demo.b.c"),
        star_at_the_end=_topic("demo.*", "demo.b"),
        star_of_two_words=_topic("demo.*", "demo.b.c"),
        hash=_topic("demo.#", "demo.b.c.d"),
        hash_alone=_topic("#", "demo.b"),
        hash_in_the_middle=_topic("demo.#.c", "demo.a.b.c"),
        hash_of_nothing=_topic("demo.#", "demo"),
        longer=_topic("demo.b", "demo.b.c"),
        shorter=_topic("demo.b.c", "demo.b"),
        dot_is_no_wildcard=_topic("demo.b", "demo-b"),
        other_key=_topic("demo.a.*", "demo.b.c"),
        parameter=_topic("demo.{name}", "demo.apple", "name"),
        parameter_with_digits=_topic("demo.{name1}.{name2}", "demo.a.b", "name1", "name2"),
        parameter_with_dash=_topic("demo.{name}", "demo.a-b", "name"),
        parameter_with_slash=_topic("demo.{name}", "demo.a/b", "name"),
        parameter_of_two_words=_topic("demo.{name}", "demo.a.b", "name"),
        parameter_and_star=_topic("demo.*.{name}", "demo.a.b", "name"),
        parameter_and_hash=_topic("demo.{name}.#", "demo.a.b.c", "name"),
        parameter_cast={"queue": 'RabbitQueue("demo", routing_key="demo.{number}")',
                        "exchange": TOPIC, "key": "demo.7",
                        "extra": "number: int = Path()", "notes": "number"},
        parameter_missing={"extra": 'name: str = Path(default="none")', "notes": "name"},
        parameter_on_direct={"queue": 'RabbitQueue("demo", routing_key="demo.{name}")',
                             "exchange": 'RabbitExchange("demo-x")', "key": "demo.*",
                             "extra": "name: str = Path()", "notes": "name"},
        key_of_another={"queue": 'RabbitQueue("demo", routing_key="demo-key")',
                        "exchange": 'RabbitExchange("demo-x")', "key": "demo-other"},
        bound_by_name={"queue": 'RabbitQueue("demo")', "exchange": TOPIC, "key": "demo"},
    ),
    dimension(
        "consuming", "consuming",
        consume_args={"subscriber": 'consume_args={"arguments": {"x-priority": 5}}'},
        consumer_tag={"subscriber": 'consume_args={"consumer_tag": "mine"}'},
        exclusive={"subscriber": 'consume_args={"exclusive": True}'},
        channel={"subscriber": "channel=Channel(prefetch_count=1)"},
        channel_global={"subscriber": "channel=Channel(prefetch_count=1, global_qos=True)"},
        channel_shared={"definitions": "shared = Channel()", "subscriber": "channel=shared",
                        "registered": 'broker.subscriber("demo-2", channel=shared)(handle)'},
        max_workers={"subscriber": "max_workers=2"},
        one_worker={"subscriber": "max_workers=1"},
        workers_at_work={**BUSY, "subscriber": "max_workers=3"},
        prefetch_at_work={**BUSY, "subscriber": "channel=Channel(prefetch_count=2)"},
        one_at_a_time={**BUSY, "broker": "max_consumers=1"},
        all_at_once=BUSY,
        no_reply={"subscriber": "no_reply=True"},
        reply_config={"subscriber": "reply_config=ReplyConfig(mandatory=False)"},
        persistent_reply={"subscriber": "persistent=True"},
        title={"subscriber": 'title="orders", description="about orders"'},
        not_in_schema={"subscriber": "include_in_schema=False"},
    ),
    dimension(
        "acknowledgement", "acknowledging",
        no_ack={"subscriber": "no_ack=True"},
        ack_first={"subscriber": "ack_policy=AckPolicy.ACK_FIRST"},
        ack_always={"subscriber": "ack_policy=AckPolicy.ACK"},
        reject_on_error={"subscriber": "ack_policy=AckPolicy.REJECT_ON_ERROR"},
        nack_on_error={"subscriber": "ack_policy=AckPolicy.NACK_ON_ERROR"},
        manual={"subscriber": "ack_policy=AckPolicy.MANUAL"},
        do_nothing={"subscriber": "ack_policy=AckPolicy.DO_NOTHING"},
        retry={"subscriber": "retry=True"},
        retry_twice={"subscriber": "retry=2"},
        no_retry={"subscriber": "retry=False"},
        retry_once={"subscriber": "retry=1"},
        on_broker={"broker": "ack_policy=AckPolicy.MANUAL"},
        on_broker_and_subscriber={"broker": "ack_policy=AckPolicy.NACK_ON_ERROR",
                                  "subscriber": "ack_policy=AckPolicy.ACK"},
        on_router={"on": "router", "router": "ack_policy=AckPolicy.MANUAL"},
    ),
    dimension(
        "filters", "filter",
        by_type={"subscriber": 'filter=lambda m: m.content_type == "text/plain"'},
        by_headers={"subscriber": 'filter=lambda m: bool(m.headers.get("a"))'},
        rejecting={"subscriber": "filter=lambda m: False"},
        two_handlers={"style": "plain", "registered": (
            "subscriber = $subscribe",
            '@subscriber(filter=lambda m: m.content_type == "application/json")',
            "async def of_json(msg):", '    seen.append(("json", msg))',
            "", "subscriber(handle)")},
        sync_and_async={"style": "plain", "registered": (
            "subscriber = $subscribe",
            "async def never(msg):", "    return False", "",
            '@subscriber(filter=never)\nasync def unused(msg):',
            '    seen.append(("unused", msg))',
            "", "subscriber(handle)")},
        default_first={"style": "plain", "registered": (
            "subscriber = $subscribe", "subscriber(handle)", "",
            "@subscriber(filter=lambda m: True)\nasync def second(msg):",
            '    seen.append(("second", msg))')},
        of_none={"style": "plain", "registered": (
            "subscriber = $subscribe", "subscriber(handle, filter=lambda m: False)")},
        raising={"definitions": 'def fail(msg):\n    raise ValueError("filter")',
                 "subscriber": "filter=fail"},
        by_body={"subscriber": 'filter=lambda m: m.body == b"hello"'},
        with_parser_each={"style": "plain", "definitions":
            "async def upper(msg):\n    return msg.body.decode().upper()", "registered": (
            "subscriber = $subscribe", "subscriber(handle, decoder=upper)")},
        decoded={"definitions": "async def is_text(msg):\n"
                 "    return isinstance(await msg.decode(), str)",
                 "subscriber": "filter=is_text"},
    ),
)  # fmt: skip
