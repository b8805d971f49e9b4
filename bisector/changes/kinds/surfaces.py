"""What a release offers before anything runs: names, parameters, defaults; and what it refuses."""

from __future__ import annotations

from bisector.changes.grammar import dimension
from bisector.changes.kinds.lifecycles import main_of

OFFERS = """\
def offers(module):
    for name in sorted(getattr(module, "__all__", None) or dir(module)):
        if not name.startswith("_"):
            seen.append(("offers", f"{module.__name__}.{name}"))"""
TAKES = """\
def takes(call, name):
    for taken in inspect.signature(call).parameters.values():
        if not taken.name.startswith("_"):
            seen.append(("takes", f"{name}({taken.name})", repr(taken.default)))


def all_take(owner):
    takes(owner, owner.__name__)
    for name in sorted(dir(owner)):
        if not name.startswith("_") and not inspect.ismemberdescriptor(getattr(owner, name)):
            seen.append(("offers", f"{owner.__name__}.{name}"))
            if inspect.isfunction(getattr(owner, name)):
                takes(getattr(owner, name), f"{owner.__name__}.{name}")"""


def _module(name: str) -> dict[str, str]:
    """The names of a module."""
    return {"definitions": OFFERS, "main": f'offers(importlib.import_module("{name}"))'}


def _taken(*owners: str) -> dict[str, str]:
    """What classes and their methods take."""
    return {"definitions": TAKES, "main": "\n".join(f"all_take({owner})" for owner in owners)}


def _refused(*lines: str) -> dict[str, tuple[str, ...]]:
    """What is wrong already as it is written."""
    return {
        "registered": (
            "try:",
            *(f"    {line}" for line in lines),
            "except Exception as error:",
            '    seen.append(("refused", type(error).__name__, str(error)))',
        )
    }


def _noted(*expressions: str) -> dict[str, str]:
    """What is true of objects."""
    return {"main": "\n".join(f"seen.append(({e!r}, {e}))" for e in expressions)}


USED_WRONGLY = {
    "publish_of_nothing": "await broker.publish()",
    "publish_of_object": 'await broker.publish(object(), "demo")',
    "publish_to_number": 'await broker.publish("x", 7)',
    "publish_unknown_option": 'await broker.publish("x", "demo", nothing=1)',
    "request_with_reply_to": 'await broker.request("x", "demo", reply_to="demo-2")',
    "rpc_with_reply_to": 'await broker.publish("x", "demo", rpc=True, reply_to="demo-2")',
    "queue_declared_otherwise": (
        'await broker.declare_queue(RabbitQueue("demo", durable=True, auto_delete=True))'
    ),
    "publish_to_unknown_exchange": 'await broker.publish("x", "demo", "demo-unknown")',
}
"""Calls that a started broker refuses, or takes."""

DIMENSIONS = (
    dimension(
        "names", "surface",
        faststream=_module("faststream"),
        rabbit=_module("faststream.rabbit"),
        annotations=_module("faststream.rabbit.annotations"),
        exceptions=_module("faststream.exceptions"),
        security=_module("faststream.security"),
        middlewares=_module("faststream.middlewares"),
        asgi=_module("faststream.asgi"),
        messages=_module("faststream.message"),
        responses=_module("faststream.response"),
        broker=_taken("RabbitBroker"),
        router=_taken("RabbitRouter"),
        queue_and_exchange=_taken("RabbitQueue", "RabbitExchange"),
        routes=_taken("RabbitRoute", "RabbitPublisher"),
        channel=_taken("Channel"),
        reply=_taken("ReplyConfig"),
        message=_taken("RabbitMessage"),
        answer=_taken("Response", "RabbitResponse"),
        application=_taken("FastStream"),
        asgi_application=_taken("AsgiFastStream"),
        context_repository=_taken("ContextRepo"),
        middleware=_taken("BaseMiddleware", "ExceptionMiddleware"),
        test_broker=_taken("TestRabbitBroker", "TestApp"),
        security_classes=_taken("BaseSecurity", "SASLPlaintext"),
        parameters={"definitions": TAKES, "main":
                    'takes(Context, "Context")\ntakes(Depends, "Depends")\n'
                    'takes(Header, "Header")\ntakes(Path, "Path")'},
        publisher={"definitions": TAKES, "main": 'all_take(type(broker.publisher("demo")))'},
        subscriber={"definitions": TAKES, "main": 'all_take(type(broker.subscriber("demo")))'},
        policies={"main": "seen.extend((\"offers\", str(it)) for it in AckPolicy)"},
        types_of_exchanges={"main": "seen.extend((\"offers\", str(it)) for it in ExchangeType)"},
        types_of_queues={"main": "seen.extend((\"offers\", str(it)) for it in QueueType)"},
    ),
    dimension(
        "objects", "object",
        queues_equal=_noted('RabbitQueue("demo") == RabbitQueue("demo")',
                            'RabbitQueue("demo") == RabbitQueue("demo", durable=True)',
                            'RabbitQueue("demo") == RabbitQueue("demo", routing_key="a")',
                            'RabbitQueue("demo") == "demo"'),
        exchanges_equal=_noted(
            'RabbitExchange("demo") == RabbitExchange("demo")',
            'RabbitExchange("demo") == RabbitExchange("demo", type=ExchangeType.TOPIC)',
            'RabbitExchange("demo") == RabbitExchange("demo", durable=True)',
            'RabbitExchange("demo") == "demo"'),
        queues_in_sets=_noted('len({RabbitQueue("demo"), RabbitQueue("demo")})',
                              'len({RabbitQueue("demo"), RabbitQueue("demo", durable=True)})',
                              'len({RabbitQueue("demo"), RabbitQueue("demo", exclusive=True)})'),
        exchanges_in_sets=_noted(
            'len({RabbitExchange("demo"), RabbitExchange("demo")})',
            'len({RabbitExchange("demo"), RabbitExchange("demo", durable=True)})',
            'len({RabbitExchange("demo"), RabbitExchange("demo", type=ExchangeType.FANOUT)})'),
        queue_shown=_noted('repr(RabbitQueue("demo"))', 'str(RabbitQueue("demo", durable=True))'),
        exchange_shown=_noted('repr(RabbitExchange("demo"))'),
        queue_defaults=_noted(*(f'RabbitQueue("demo").{name}' for name in (
            "durable", "exclusive", "auto_delete", "arguments", "robust", "routing_key"))),
        exchange_defaults=_noted(*(f'RabbitExchange("demo").{name}' for name in (
            "type", "durable", "auto_delete", "arguments", "robust", "routing_key"))),
        channel_defaults=_noted(*(f"Channel().{name}" for name in (
            "prefetch_count", "global_qos", "publisher_confirms", "on_return_raises"))),
        channels_equal=_noted("Channel() == Channel()", "len({Channel(), Channel()})"),
        broker_shown=_noted("repr(broker)"),
        message_shown={"argument": "msg: RabbitMessage", "noted": "repr(msg)"},
        handler_shown={"last": "seen.append((type(handle).__name__, callable(handle)))"},
        response_shown=_noted('repr(Response("a", headers={"b": "c"}).body)',
                              'Response("a", headers={"b": "c"}).headers'),
        routers_of_one_name=_noted('RabbitRouter("demo-").prefix'),
        exchange_from_name=_noted('RabbitExchange.validate("demo").name',
                                  'RabbitQueue.validate("demo").name'),
        security_shown=_noted('SASLPlaintext("a", "b").get_requirement()',
                              'SASLPlaintext("a", "b").get_schema()',
                              "SASLPlaintext('a', 'b').ssl_context"),
    ),
    dimension(
        "misuse", "refused",
        subscriber_of_nothing=_refused("broker.subscriber()"),
        subscriber_of_empty_name=_refused('broker.subscriber("")'),
        subscriber_of_number=_refused("broker.subscriber(7)"),
        subscriber_unknown_option=_refused('broker.subscriber("demo-2", nothing=1)'),
        publisher_of_nothing=_refused("broker.publisher()(handle)"),
        publisher_unknown_option=_refused('broker.publisher("demo-2", nothing=1)'),
        quorum_not_durable=_refused(
            'RabbitQueue("demo-2", queue_type=QueueType.QUORUM, durable=False)'),
        stream_not_durable=_refused(
            'RabbitQueue("demo-2", queue_type=QueueType.STREAM, durable=False)'),
        exchange_of_unknown_type=_refused('RabbitExchange("demo-x", type="strange")'),
        queue_of_nothing=_refused("RabbitQueue(None)"),
        retry_and_no_ack=_refused('broker.subscriber("demo-2", retry=True, no_ack=True)'),
        policy_and_no_ack=_refused(
            'broker.subscriber("demo-2", ack_policy=AckPolicy.ACK, no_ack=True)'),
        policy_and_retry=_refused(
            'broker.subscriber("demo-2", ack_policy=AckPolicy.ACK, retry=True)'),
        no_workers=_refused('broker.subscriber("demo-2", max_workers=0)'),
        router_twice=_refused("one = RabbitRouter()", "broker.include_router(one)",
                              "broker.include_router(one)"),
        broker_included=_refused("broker.include_router(RabbitBroker())"),
        not_a_router=_refused("broker.include_router(None)"),
        middleware_of_no_class=_refused("broker.add_middleware(None)"),
        application_of_nothing={"main": "await FastStream().run()"},
        application_of_text=_refused('FastStream("broker")'),
        decorator_twice={"decorators": ('@broker.subscriber("demo-2")', ("@broker.subscriber"
                                        '("demo-3")'))},
        handler_of_no_function=_refused('broker.subscriber("demo-2")(5)'),
        **{name: {"started": f"seen.append({line})"} for name, line in USED_WRONGLY.items()},
        url_of_nothing={"url": '""'},
        url_of_another_scheme={"url": '"redis://localhost:1"'},
        empty_router={"on": "broker", "registered": "broker.include_router(RabbitRouter())"},
        policy_of_text=_refused('broker.subscriber("demo-2", ack_policy="ack")'),
        sync_filter_of_nothing=_refused('broker.subscriber("demo-2", filter=None)'),
    ),
    dimension("misuse", "refused_in_test", **{
        name: {"main": main_of("async with TestRabbitBroker(broker):", f"    seen.append({line})")}
        for name, line in USED_WRONGLY.items()
    }),
)  # fmt: skip
