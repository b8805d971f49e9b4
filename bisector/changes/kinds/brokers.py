"""How a broker is made, what is registered on it, and where."""

from __future__ import annotations

from bisector.changes.grammar import dimension

PARTS = 'url = urlsplit(os.environ["AMQP_URL"])'
NOTING = """\
class Noting(BaseMiddleware):
    async def consume_scope(self, call_next, msg):
        seen.append("consume begins")
        try:
            return await call_next(msg)
        finally:
            seen.append("consume ends")

    async def publish_scope(self, call_next, *args, **kwargs):
        seen.append("publish begins")
        return await call_next(*args, **kwargs)"""
EDGES = """\
class Edges(BaseMiddleware):
    async def on_receive(self):
        seen.append("on receive")
        return await super().on_receive()

    async def after_processed(self, exc_type=None, exc_val=None, exc_tb=None):
        seen.append(("after processed", exc_type))
        return await super().after_processed(exc_type, exc_val, exc_tb)"""
HOOKS = """\
class Hooks(BaseMiddleware):
    async def on_consume(self, msg):
        seen.append("on consume")
        return await super().on_consume(msg)

    async def after_consume(self, err):
        seen.append(("after consume", err))
        return await super().after_consume(err)

    async def on_publish(self, msg, *args, **kwargs):
        seen.append("on publish")
        return await super().on_publish(msg, *args, **kwargs)

    async def after_publish(self, err):
        seen.append(("after publish", err))
        return await super().after_publish(err)"""
ALL = """\
class First(BaseMiddleware):
    async def on_receive(self):
        seen.append((type(self).__name__, "on receive"))
        return await super().on_receive()

    async def consume_scope(self, call_next, msg):
        seen.append((type(self).__name__, "consume"))
        return await call_next(msg)

    async def publish_scope(self, call_next, *args, **kwargs):
        seen.append((type(self).__name__, "publish"))
        return await call_next(*args, **kwargs)

    async def after_processed(self, exc_type=None, exc_val=None, exc_tb=None):
        seen.append((type(self).__name__, "after processed"))
        return await super().after_processed(exc_type, exc_val, exc_tb)


class Second(First):
    pass"""
CHANGING = """\
class Changing(BaseMiddleware):
    async def consume_scope(self, call_next, msg):
        return f"changed {await call_next(msg)}\""""
SWALLOWING = """\
class Swallowing(BaseMiddleware):
    async def consume_scope(self, call_next, msg):
        try:
            return await call_next(msg)
        except ValueError as error:
            seen.append(("swallowed", error))"""
EXCEPTIONS = """\
errors = ExceptionMiddleware()


@errors.add_handler(ValueError, publish=True)
def on_error(error: ValueError):
    seen.append(("on error", error))
    return "an error\""""
ANY_ERROR = """\
errors = ExceptionMiddleware()


@errors.add_handler(Exception)
def on_any(error: Exception):
    seen.append(("on any", error))


@errors.add_handler(ValueError)
def on_error(error: ValueError):
    seen.append(("on error", error))"""
ANY_ERROR_PUBLISHED = """\
errors = ExceptionMiddleware(publish_handlers={Exception: lambda error: f"failed: {error}"})"""
ERRORS = """\
errors = ExceptionMiddleware({ValueError: lambda error: seen.append(("on error", error))})"""
PARSER = """\
async def parse(msg, parser):
    seen.append("parse")
    return await parser(msg)"""
DECODER = """\
async def decode(msg, decoder):
    seen.append(("decode", type(msg).__name__))
    return await decoder(msg)"""
OWN_PARSER = """\
async def parse(msg):
    return StreamMessage(raw_message=msg, body=msg.body)"""
OWN_DECODER = """\
async def decode(msg):
    return msg.body.decode().upper()"""
DEPENDENCY = """\
def look():
    seen.append("dependency")"""

DIMENSIONS = (
    dimension(
        "broker", "url",
        without_slash={"url": 'os.environ["AMQP_URL"].rstrip("/")'},
        by_keyword={"url": 'url=os.environ["AMQP_URL"]'},
        no_path={"url": 'os.environ["AMQP_URL"].rpartition("/")[0]'},
        slash_escaped={"url": 'os.environ["AMQP_URL"].rpartition("/")[0] + "/%2F"'},
        another_vhost={"url": 'os.environ["AMQP_URL"].rpartition("/")[0] + "/other"'},
        vhost_with_slash={"url": 'os.environ["AMQP_URL"].rpartition("/")[0] + "//demo"'},
        vhost_with_escaped_slash={"url": 'os.environ["AMQP_URL"].rpartition("/")[0] + "/%2Fdemo"'},
        heartbeat_in_the_query={"url": 'os.environ["AMQP_URL"] + "?heartbeat=7"'},
        name_in_the_query={"url": 'os.environ["AMQP_URL"] + "?name=mine"'},
        query_without_slash={"url": 'os.environ["AMQP_URL"].rstrip("/") + "?heartbeat=7"'},
        wrong_port={"url": '"amqp://guest:guest@127.0.0.1:1/"'},
        wrong_password={"definitions": PARTS,
                        "url": 'f"amqp://wrong:guess@{url.hostname}:{url.port}/"'},
        in_connect={"url": "", "first": 'await broker.connect(os.environ["AMQP_URL"])'},
        in_connect_by_keyword={
            "url": "", "first": 'await broker.connect(url=os.environ["AMQP_URL"])'
        },
    ),
    dimension(
        "broker", "address",
        host_and_port={"definitions": PARTS, "url": "", "broker": (
            "host=url.hostname", "port=url.port", "login=url.username", "password=url.password")},
        port={"definitions": PARTS, "broker": "port=url.port"},
        login={"definitions": PARTS, "broker": ("login=url.username", "password=url.password")},
        virtualhost={"broker": 'virtualhost="/"'},
        virtualhost_named={"broker": 'virtualhost="other"'},
        virtualhost_with_slash={"broker": 'virtualhost="/other"'},
        virtualhost_of_two_slashes={"broker": 'virtualhost="//"'},
        ssl_off={"broker": "ssl=False"},
        security={"definitions": PARTS, "broker":
            "security=SASLPlaintext(username=url.username, password=url.password, use_ssl=False)"},
        security_of_nothing={"broker": "security=BaseSecurity()"},
    ),
    dimension(
        "broker", "connection",
        timeout={"broker": "timeout=5"},
        fail_fast={"broker": "fail_fast=True"},
        no_fail_fast={"broker": "fail_fast=False"},
        reconnect_interval={"broker": "reconnect_interval=1"},
        client_properties={"broker": 'client_properties={"connection_name": "mine"}'},
        max_consumers={"broker": "max_consumers=10"},
        channel_number={"broker": "channel_number=7"},
        publisher_confirms={"broker": "publisher_confirms=False"},
        on_return_raises={"broker": "on_return_raises=True"},
        default_channel={"broker": "default_channel=Channel(prefetch_count=5)"},
        channel_without_confirms={"broker": "default_channel=Channel(publisher_confirms=False)"},
        app_id={"broker": 'app_id="mine"'},
        app_id_none={"broker": "app_id=None"},
        graceful_timeout={"broker": "graceful_timeout=1.0"},
    ),
    dimension(
        "logging", "logger",
        none={"broker": "logger=None"},
        own={"definitions": 'logging.basicConfig(level="INFO", stream=sys.stdout)',
             "broker": 'logger=logging.getLogger("mine")'},
        level_of_names={"broker": "log_level=logging.DEBUG"},
        error_level={"broker": "log_level=logging.ERROR"},
        format={"broker": 'log_fmt="%(levelname)s %(message)s"'},
        format_of_fields={"broker": 'log_fmt="%(exchange)s %(queue)s %(message_id)s %(message)s"'},
        root_at_debug={"definitions": 'logging.basicConfig(level="DEBUG", stream=sys.stdout)'},
        loguru_like={"definitions": 'logging.basicConfig(stream=sys.stdout)\n'
            'adapter = logging.LoggerAdapter(logging.getLogger("mine"), {})',
            "broker": "logger=adapter"},
    ),
    dimension(
        "broker", "types",
        not_applied={"broker": "apply_types=False"},
        not_validated={"broker": "validate=False"},
        without_serializer={"broker": "serializer=None"},
        dependencies={"definitions": DEPENDENCY, "broker": "dependencies=[Depends(look)]"},
        dependencies_of_router={
            "definitions": DEPENDENCY, "on": "router", "router": "dependencies=[Depends(look)]"},
        dependencies_of_subscriber={
            "definitions": DEPENDENCY, "subscriber": "dependencies=[Depends(look)]"},
    ),
    dimension(
        "routers", "place",
        router={"on": "router"},
        router_with_prefix={"on": "router", "router": 'prefix="demo-a-"', "prefix": "demo-a-"},
        nested_routers={
            "on": "router",
            "routers": ("outer = RabbitRouter()", "router = RabbitRouter($router)"),
            "registered": ("outer.include_router(router)", "broker.include_router(outer)")},
        nested_routers_with_prefixes={
            "on": "router", "prefix": "demo-a-b-",
            "routers": ('outer = RabbitRouter(prefix="demo-a-")',
                        'router = RabbitRouter(prefix="b-")'),
            "registered": ("outer.include_router(router)", "broker.include_router(outer)")},
        prefix_at_inclusion={
            "on": "router", "prefix": "demo-a-", "routers": "router = RabbitRouter($router)",
            "registered": 'broker.include_router(router, prefix="demo-a-")'},
        included_before={
            "on": "router",
            "routers": ("router = RabbitRouter($router)", "broker.include_router(router)")},
        routes={"style": "plain", "registered": (
            "routes = RabbitRouter(handlers=[RabbitRoute(handle, $queue)])",
            "broker.include_router(routes)")},
        routes_with_prefix={"style": "plain", "prefix": "demo-a-", "registered": (
            'routes = RabbitRouter(prefix="demo-a-", handlers=[RabbitRoute(handle, $queue)])',
            "broker.include_router(routes)")},
        routers_keyword={"on": "router", "routers": "", "definitions": "router = RabbitRouter()",
                         "broker": "routers=[router]"},
        called={"style": "plain", "registered": "$subscribe(handle)"},
        object={"style": "plain", "registered": (
            "subscriber = $subscribe", "subscriber(handle)")},
        two_subscribers={"decorators": '@broker.subscriber("demo-2")'},
        two_handlers={"registered": (
            '@broker.subscriber("demo-2")', "async def second(msg):",
            '    seen.append(("second", msg))'),
            "started": 'await broker.publish("for the second", "demo-2")'},
        added_after_start={"style": "plain", "started": (
            "late = $subscribe", "late(handle)", "await late.start()")},
        added_after_connect={"style": "plain", "connected": "$subscribe(handle)"},
        none={"style": "plain"},
    ),
    dimension(
        "middlewares", "middleware",
        on_broker={"definitions": NOTING, "broker": "middlewares=[Noting]"},
        on_router={"definitions": NOTING, "on": "router", "router": "middlewares=[Noting]"},
        on_subscriber={"definitions": NOTING, "subscriber": "middlewares=[Noting]"},
        on_subscriber_bound={"definitions": (
            "async def noting(call_next, msg):\n"
            '    seen.append("noting")\n'
            "    return await call_next(msg)"), "subscriber": "middlewares=[noting]"},
        edges={"definitions": EDGES, "broker": "middlewares=[Edges]"},
        hooks={"definitions": HOOKS, "broker": "middlewares=[Hooks]"},
        hooks_of_subscriber={"definitions": HOOKS, "subscriber": "middlewares=[Hooks]"},
        changing={"definitions": CHANGING, "broker": "middlewares=[Changing]"},
        swallowing={"definitions": SWALLOWING, "broker": "middlewares=[Swallowing]"},
        two_deep={"definitions": (NOTING, EDGES), "broker": "middlewares=[Noting, Edges]"},
        two_everywhere={"definitions": ALL, "broker": "middlewares=[First, Second]",
                        "decorators": '@broker.publisher("demo-out")'},
        two_requested={"definitions": ALL, "broker": "middlewares=[First, Second]", "result":
            'seen.append((await broker.request($message, timeout=2)).body)'},
        broker_and_subscriber={"definitions": ALL, "broker": "middlewares=[First]",
                               "subscriber": "middlewares=[Second(None).consume_scope]"},
        any_exception={"definitions": ANY_ERROR, "broker": "middlewares=[errors]"},
        any_exception_published={"definitions": ANY_ERROR_PUBLISHED,
                                 "broker": "middlewares=[errors]"},
        exceptions_of_two={"definitions": (ERRORS, ALL), "broker": "middlewares=[errors, First]"},
        broker_and_router={"definitions": (NOTING, EDGES), "broker": "middlewares=[Noting]",
                           "on": "router", "router": "middlewares=[Edges]"},
        added_later={"definitions": NOTING, "registered": "broker.add_middleware(Noting)"},
        exceptions_by_decorator={"definitions": EXCEPTIONS, "broker": "middlewares=[errors]"},
        exceptions={"definitions": ERRORS, "broker": "middlewares=[errors]"},
    ),
    dimension(
        "parsers", "parser",
        on_broker={"definitions": PARSER, "broker": "parser=parse"},
        on_router={"definitions": PARSER, "on": "router", "router": "parser=parse"},
        on_subscriber={"definitions": PARSER, "subscriber": "parser=parse"},
        whole={"definitions": OWN_PARSER, "subscriber": "parser=parse"},
    ),
    dimension(
        "parsers", "decoder",
        on_broker={"definitions": DECODER, "broker": "decoder=decode"},
        on_router={"definitions": DECODER, "on": "router", "router": "decoder=decode"},
        on_subscriber={"definitions": DECODER, "subscriber": "decoder=decode"},
        whole={"definitions": OWN_DECODER, "subscriber": "decoder=decode"},
    ),
)  # fmt: skip
