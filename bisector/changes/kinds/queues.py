"""Queues, exchanges and how a subscriber consumes."""

from __future__ import annotations

from bisector.changes.grammar import dimension

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
        other_than_consumed={"started": 'await broker.publish("elsewhere", "demo", "demo-other")'},
    ),
    dimension(
        "consuming", "consuming",
        consume_args={"subscriber": 'consume_args={"arguments": {"x-priority": 5}}'},
        consumer_tag={"subscriber": 'consume_args={"consumer_tag": "mine"}'},
        exclusive={"subscriber": 'consume_args={"exclusive": True}'},
        channel={"subscriber": "channel=Channel(prefetch_count=1)"},
        max_workers={"subscriber": "max_workers=2"},
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
        decoded={"definitions": "async def is_text(msg):\n"
                 "    return isinstance(await msg.decode(), str)",
                 "subscriber": "filter=is_text"},
    ),
)  # fmt: skip
