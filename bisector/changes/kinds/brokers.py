"""How a broker is made, what is registered on it, and where."""

from __future__ import annotations

from bisector.changes.grammar import dimension
from bisector.changes.kinds.middlewares import EDGES, NOTING

PARTS = 'url = urlsplit(os.environ["AMQP_URL"])'
WITHOUT = 'await broker.publish("without the prefix", "%s", RabbitExchange("demo-x"%s))'
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
        object={"definitions": "from yarl import URL", "url": 'URL(os.environ["AMQP_URL"])'},
        positional_and_keyword={"url": 'os.environ["AMQP_URL"], host=None'},
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
        # What keywords say, and the URL says otherwise.
        port_not_of_url={"definitions": PARTS, "broker": "port=url.port",
                         "url": 'f"amqp://{url.username}:{url.password}@{url.hostname}:1/"'},
        host_not_of_url={"definitions": PARTS, "broker": "host=url.hostname", "url":
                         'f"amqp://{url.username}:{url.password}@127.0.0.9:{url.port}/"'},
        login_not_of_url={"definitions": PARTS,
                          "broker": ("login=url.username", "password=url.password"),
                          "url": 'f"amqp://wrong:guess@{url.hostname}:{url.port}/"'},
        virtualhost_not_of_url={"broker": 'virtualhost="/"', "url":
                                'os.environ["AMQP_URL"].rpartition("/")[0] + "/other"'},
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
        channel_that_raises={"broker": "default_channel=Channel(on_return_raises=True)"},
        channel_by_number={"broker": "default_channel=Channel(channel_number=7)"},
        channel_of_all={"broker": "default_channel=Channel(prefetch_count=5, global_qos=True)"},
        app_id={"broker": 'app_id="mine"'},
        app_id_none={"broker": "app_id=None"},
        graceful_timeout={"broker": "graceful_timeout=1.0"},
        no_graceful_timeout={"broker": "graceful_timeout=0"},
        client_properties_of_class={"definitions":
            "from faststream.rabbit.utils import RabbitClientProperties", "broker":
            'client_properties=RabbitClientProperties(heartbeat=7, connection_name="mine")'},
        connection_name={"broker": 'client_properties={"connection_name": "mine", "a": "b"}'},
        ssl_options={"broker": "ssl_options={}"},
        no_reconnect={"broker": "reconnect_interval=0"},
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
        not_applied_nor_validated={"broker": ("apply_types=False", "validate=False")},
        context_of_own={"broker": "context=ContextRepo()"},
        dependencies_of_two={"definitions": DEPENDENCY, "broker": "dependencies=[Depends(look)]",
                             "subscriber": "dependencies=[Depends(look)]"},
        decorated={"definitions": "def noted(call):\n    @functools.wraps(call)\n"
                   "    async def inner(*args, **kwargs):\n"
                   '        seen.append("decorated")\n'
                   "        return await call(*args, **kwargs)\n\n    return inner",
                   "broker": "_call_decorators=[noted]"},
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
        prefix_at_inclusion_and_publisher={
            "on": "router", "prefix": "demo-a-", "routers": "router = RabbitRouter($router)",
            "registered": 'broker.include_router(router, prefix="demo-a-")',
            "decorators": '@router.publisher("out")'},
        prefix_at_two_inclusions={
            "on": "router", "prefix": "demo-a-b-",
            "routers": ("outer = RabbitRouter()", "router = RabbitRouter($router)"),
            "registered": ('outer.include_router(router, prefix="b-")',
                           'broker.include_router(outer, prefix="demo-a-")')},
        included_before={
            "on": "router",
            "routers": ("router = RabbitRouter($router)", "broker.include_router(router)")},
        routes={"style": "plain", "registered": (
            "routes = RabbitRouter(handlers=[RabbitRoute(handle, $queue)])",
            "broker.include_router(routes)")},
        routes_with_prefix={"style": "plain", "prefix": "demo-a-", "registered": (
            'routes = RabbitRouter(prefix="demo-a-", handlers=[RabbitRoute(handle, $queue)])',
            "broker.include_router(routes)")},
        routes_with_publishers={"style": "plain", "handler": 'return "answer"', "registered": (
            ("routes = RabbitRouter(handlers=[RabbitRoute("
            'handle, $queue, publishers=[RabbitPublisher("demo-out")])])'),
            "broker.include_router(routes)")},
        routes_with_publishers_and_prefix={
            "style": "plain", "prefix": "demo-a-", "handler": 'return "answer"', "registered": (
            ('routes = RabbitRouter(prefix="demo-a-", handlers=[RabbitRoute('
            'handle, $queue, publishers=[RabbitPublisher("out")])])'),
            "broker.include_router(routes)")},
        prefix_and_publisher={"on": "router", "router": 'prefix="demo-a-"', "prefix": "demo-a-",
                              "decorators": '@router.publisher("out")'},
        prefix_and_key={"on": "router", "router": 'prefix="demo-a-"',
                        "queue": 'RabbitQueue("demo", routing_key="key")',
                        "exchange": 'RabbitExchange("demo-x")', "key": "demo-a-key",
                        "started": WITHOUT % ("key", "")},
        prefix_and_path={"on": "router", "router": 'prefix="demo.a."',
                         "queue": 'RabbitQueue("demo", routing_key="{name}.b")',
                         "exchange": 'RabbitExchange("demo-x", type=ExchangeType.TOPIC)',
                         "key": "demo.a.x.b", "extra": "name: str = Path()", "notes": "name",
                         "started": WITHOUT % ("x.b", ", type=ExchangeType.TOPIC")},
        path_in_prefix={"on": "router", "router": 'prefix="demo.{name}."',
                        "queue": 'RabbitQueue("demo", routing_key="b")',
                        "exchange": 'RabbitExchange("demo-x", type=ExchangeType.TOPIC)',
                        "key": "demo.x.b", "extra": "name: str = Path()", "notes": "name"},
        several_routers={"on": "router", "routers": (
            "router = RabbitRouter($router)", "other = RabbitRouter()"),
            "registered": "broker.include_routers(router, other)"},
        inclusion_with_all={"definitions": (NOTING, DEPENDENCY), "on": "router",
            "prefix": "demo-a-", "routers": "router = RabbitRouter($router)", "registered":
            'broker.include_router(router, prefix="demo-a-", middlewares=[Noting],'
            " dependencies=[Depends(look)], include_in_schema=False)"},
        nested_with_middlewares={"definitions": (NOTING, EDGES), "on": "router", "routers": (
            "outer = RabbitRouter(middlewares=[Noting])",
            "router = RabbitRouter(middlewares=[Edges])"),
            "registered": ("outer.include_router(router)", "broker.include_router(outer)")},
        nested_late={"on": "router", "routers": (
            "outer = RabbitRouter()", "broker.include_router(outer)",
            "router = RabbitRouter($router)"), "registered": "outer.include_router(router)"},
        router_not_in_schema={"on": "router", "router": "include_in_schema=False"},
        router_of_two_brokers={"on": "router", "routers": "router = RabbitRouter($router)",
            "registered": ("broker.include_router(router)",
            'other = RabbitBroker(os.environ["AMQP_URL"])', "other.include_router(router)")},
        # Who of two gets a message is chance, in all releases: both note the same.
        same_queue_twice={"registered": (
            "@$subscribe", "async def second(msg):", '    seen.append(("handle", msg))')},
        same_queue_of_two_exchanges={"registered": (
            '@broker.subscriber("demo", RabbitExchange("demo-second"))', "async def second(msg):",
            '    seen.append(("handle", msg))'),
            "started": 'await broker.publish("elsewhere", "demo", RabbitExchange("demo-second"))'},
        same_objects={"definitions": 'queue, exchange = RabbitQueue("demo"), '
            'RabbitExchange("demo-x")', "queue": "queue", "exchange": "exchange", "registered":
            'broker.subscriber(queue, RabbitExchange("demo-x"))(handle)'},
        ten_subscribers={"registered": (
            "for n in range(10):", '    broker.subscriber(f"demo-{n}")(handle)'),
            "started": 'await broker.publish("to the last", "demo-9")'},
        added_after_start_by_decorator={"style": "plain", "started": (
            "late = $subscribe(handle)", "for one in broker.subscribers:",
            "    await one.start()")},
        router_after_start={"style": "plain", "started": (
            "late = RabbitRouter()", 'late.subscriber("demo")(handle)',
            "broker.include_router(late)", "await broker.start()")},
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
)  # fmt: skip
