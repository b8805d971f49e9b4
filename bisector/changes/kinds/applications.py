"""What is made of a broker: an application, run by itself or from the command line, a document."""

from __future__ import annotations

from bisector.changes.grammar import dimension
from bisector.changes.kinds.arguments import MODEL
from bisector.changes.kinds.lifecycles import main_of

RUN = """\
app = FastStream(broker)


@app.after_startup
async def begin():
    seen.append("started")
    $result
    await asyncio.sleep(0.3)
    app.exit()"""
COMMAND = """\
def faststream(*words):
    output = open("output", "w")
    if not os.fork():
        for number in (1, 2):
            os.dup2(output.fileno(), number)
        sys.argv = ["faststream", *words]
        sys.path.insert(0, os.getcwd())
        try:
            runpy.run_module("faststream", run_name="__main__")
        except SystemExit as error:
            print(error.code)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1 if error.code else 0)
        os._exit(0)
    seen.append((os.wait()[1], open("output").read()))"""
APP = '''\
open("application.py", "w").write("""\
import os
from faststream import FastStream
from faststream.rabbit import RabbitBroker
broker = RabbitBroker(os.environ["AMQP_URL"])
app = FastStream(broker)
make = lambda: app
@broker.subscriber("demo")
async def handle(msg): print(msg)
@app.after_startup
async def stop(): app.exit()
""")'''

DIMENSIONS = (
    dimension(
        "application", "application",
        run={"registered": RUN, "main": "await app.run()"},
        run_with_hooks={"registered": (RUN,
            "@app.on_startup\nasync def starting():\n    seen.append('on startup')",
            "@app.on_shutdown\nasync def stopping():\n    seen.append('on shutdown')",
            "@app.after_shutdown\nasync def stopped():\n    seen.append('after shutdown')"),
            "main": "await app.run()"},
        hook_raising={"registered": (RUN,
            '@app.on_startup\nasync def starting():\n    raise ValueError("hook")'),
            "main": "await app.run()"},
        lifespan={"definitions": "from contextlib import asynccontextmanager\n\n\n"
            "@asynccontextmanager\nasync def lifespan():\n    seen.append('begin')\n    yield\n"
            "    seen.append('end')",
            "registered": RUN.replace("(broker)", "(broker, lifespan=lifespan)"),
            "main": "await app.run()"},
        lifespan_of_context={"definitions": "from contextlib import asynccontextmanager\n\n\n"
            "@asynccontextmanager\nasync def lifespan(context: ContextRepo):\n"
            "    context.set_global('given', 5)\n    yield",
            "registered": RUN.replace("(broker)", "(broker, lifespan=lifespan)"),
            "extra": 'it=Context("given")', "notes": "it", "main": "await app.run()"},
        without_logger={"registered": RUN.replace("(broker)", "(broker, logger=None)"),
                        "main": "await app.run()"},
        set_broker={"registered": RUN.replace("(broker)", "()"),
                    "main": "app.set_broker(broker)\nawait app.run()"},
        started_by_hand={"registered": "app = FastStream(broker)", "main": main_of(
            "await app.start()", "$result", "await asyncio.sleep(0.3)", "await app.stop()")},
        asgi={"registered": "app = AsgiFastStream(broker)", "main": main_of(
            "inbox = asyncio.Queue()", "async def send(message):",
            "    seen.append(message)", "async def say():", '    await inbox.put({"type": '
            '"lifespan.startup"})', "    await asyncio.sleep(0.4)",
            '    await inbox.put({"type": "lifespan.shutdown"})',
            'await asyncio.gather(say(), app({"type": "lifespan"}, inbox.get, send))')},
        asgi_hook_raising={"registered": (
            "app = AsgiFastStream(broker)",
            '@app.on_startup\nasync def starting():\n    raise ValueError("hook")'),
            "main": main_of("inbox = asyncio.Queue()",
            'await inbox.put({"type": "lifespan.startup"})', "async def send(message):",
            "    seen.append(message)",
            'await app({"type": "lifespan"}, inbox.get, send)')},
        asgi_http={"registered":
            'app = AsgiFastStream(broker, asgi_routes=[("/health", make_ping_asgi(broker))])',
            "main": main_of("await broker.start()", "async def send(message):",
            "    seen.append(message)",
            'scope = {"type": "http", "method": "GET", "path": "/health", "headers": []}',
            "await app(scope, None, send)",
            "await app({**scope, \"path\": \"/none\"}, None, send)")},
        hooks_of_constructor={"definitions": "def begun():\n    seen.append('begun')\n\n\n"
            "async def ended():\n    seen.append('ended')", "registered":
            RUN.replace("(broker)", "(broker, on_startup=[begun], after_startup=[begun],"
                        " on_shutdown=[ended], after_shutdown=[ended])"),
            "main": "await app.run()"},
        hooks_with_context={"registered": (RUN,
            ("@app.on_startup\nasync def starting(context: ContextRepo):\n"
            "    context.set_global('given', 5)"),
            ("@app.on_shutdown\nasync def stopping(it=Context('given')):\n"
            "    seen.append(it)")), "main": "await app.run()"},
        hooks_with_options={"registered": (RUN,
            "@app.on_startup\nasync def starting(level: int = 3):\n    seen.append(level)"),
            "main": 'await app.run(run_extra_options={"level": "7"})'},
        hook_raising_afterwards={"registered": (RUN,
            '@app.on_shutdown\nasync def stopping():\n    raise ValueError("hook")'),
            "main": "await app.run()"},
        two_hooks={"registered": (RUN,
            "@app.on_startup\ndef first():\n    seen.append('first')",
            "@app.on_startup\nasync def second():\n    seen.append('second')"),
            "main": "await app.run()"},
        lifespan_raising={"definitions": "from contextlib import asynccontextmanager\n\n\n"
            "@asynccontextmanager\nasync def lifespan():\n    raise ValueError('lifespan')\n"
            "    yield", "registered": RUN.replace("(broker)", "(broker, lifespan=lifespan)"),
            "main": "await app.run()"},
        lifespan_and_hooks={"definitions": "from contextlib import asynccontextmanager\n\n\n"
            "@asynccontextmanager\nasync def lifespan():\n    seen.append('begin')\n    yield\n"
            "    seen.append('end')", "registered": (
            RUN.replace("(broker)", "(broker, lifespan=lifespan)"),
            "@app.on_startup\nasync def starting():\n    seen.append('on startup')",
            "@app.after_shutdown\nasync def stopped():\n    seen.append('after shutdown')"),
            "main": "await app.run()"},
        logger_of_own={"registered": RUN.replace(
            "(broker)", '(broker, logger=logging.getLogger("mine"))'), "main": "await app.run()"},
        log_level={"registered": RUN, "main": "await app.run(log_level=logging.ERROR)"},
        run_twice={"registered": RUN, "main": "await app.run()\nawait app.run()"},
        exit_at_once={"registered": RUN.replace("$result\n    await asyncio.sleep(0.3)\n    ", ""),
                      "main": "await app.run()"},
        cancelled={"registered": RUN.replace("app.exit()", "running.cancel()"), "main":
            "global running\nrunning = asyncio.ensure_future(app.run())\n"
            "seen.append(await asyncio.gather(running, return_exceptions=True))"},
        interrupted={"registered": RUN.replace("app.exit()", "os.kill(os.getpid(), 2)"),
                     "main": "await app.run()"},
        handler_exits={"registered": RUN.replace("    app.exit()", "    pass"),
                       "handler": "app.exit()", "main": "await asyncio.wait_for(app.run(), 2)"},
        context_of_application={"registered": RUN, "extra": 'it=Context("app")',
                                "notes": "type(it).__name__", "main": "await app.run()"},
        broker_of_application={"registered": (RUN, "seen.append(app.broker is broker)"),
                               "main": "await app.run()"},
        tested_application={"registered": (RUN,
            "@app.on_startup\nasync def starting():\n    seen.append('on startup')"),
            "main": "async with TestRabbitBroker(broker), TestApp(app):\n    $result"},
        tested_application_with_options={"registered": (RUN,
            "@app.on_startup\nasync def starting(level: int = 3):\n    seen.append(level)"),
            "main": 'async with TestRabbitBroker(broker), TestApp(app, {"level": "7"}):\n'
            "    $result"},
        asgi_document={"registered":
            'app = AsgiFastStream(broker, asyncapi_path="/docs")', "main": main_of(
            "async def send(message):",
            "    seen.append((message['type'], message.get('status'), message.get('headers')))",
            'scope = {"type": "http", "method": "GET", "path": "/docs", "headers": []}',
            "await app(scope, None, send)")},
        asgi_methods={"registered":
            'app = AsgiFastStream(broker, asgi_routes=[("/health", make_ping_asgi(broker))])',
            "main": main_of("async def send(message):", "    seen.append(message)",
            'for method in ("HEAD", "POST"):',
            '    scope = {"type": "http", "method": method, "path": "/health", "headers": []}',
            "    await app(scope, None, send)")},
        asgi_own_route={"definitions": "from faststream.asgi import AsgiResponse, get\n\n\n@get\n"
            'async def own(scope):\n    return AsgiResponse(b"own", status_code=201,'
            ' headers={"a": "b"})', "registered":
            'app = AsgiFastStream(broker, asgi_routes=[("/own", own)])', "main": main_of(
            "async def send(message):", "    seen.append(message)",
            'scope = {"type": "http", "method": "GET", "path": "/own", "headers": [],'
            ' "query_string": b""}', "await app(scope, None, send)")},
        asgi_websocket={"registered": "app = AsgiFastStream(broker)", "main": main_of(
            "async def send(message):", "    seen.append(message)",
            'await app({"type": "websocket", "path": "/"}, None, send)')},
        as_asgi={"registered": 'app = FastStream(broker).as_asgi(asyncapi_path="/docs")',
                 "main": "seen.append(type(app).__name__)"},
        sigterm={"registered": RUN.replace("app.exit()", "os.kill(os.getpid(), 15)"),
                 "main": "await app.run()"},
    ),
    dimension(
        "command line", "command",
        version={"definitions": COMMAND, "main": 'faststream("--version")'},
        help={"definitions": COMMAND, "main": 'faststream("--help")'},
        run={"definitions": (COMMAND, APP), "main": 'faststream("run", "application:app")'},
        run_of_factory={"definitions": (COMMAND, APP), "main":
            'faststream("run", "application:make", "--factory")'},
        run_with_level={"definitions": (COMMAND, APP), "main":
            'faststream("run", "application:app", "--log-level", "debug")'},
        run_with_workers={"definitions": (COMMAND, APP), "main":
            'faststream("run", "application:app", "--workers", "1")'},
        run_with_options={"definitions": (COMMAND, APP), "main":
            'faststream("run", "application:app", "--own", "1")'},
        run_of_missing_name={"definitions": (COMMAND, APP), "main":
            'faststream("run", "application:missing")'},
        run_of_a_broker={"definitions": (COMMAND, APP), "main":
            'faststream("run", "application:broker")'},
        run_without_colon={"definitions": (COMMAND, APP), "main":
            'faststream("run", "application")'},
        run_of_broken_module={"definitions": COMMAND, "main":
            'open("broken.py", "w").write("import nothing_of_that_name")\n'
            'faststream("run", "broken:app")'},
        run_in_folder={"definitions": (COMMAND, APP), "main":
            'faststream("run", "application:app", "--app-dir", ".")'},
        publish={"definitions": (COMMAND, APP), "main":
            'faststream("publish", "application:app", "hello", "--queue", "demo")'},
        document_as_yaml={"definitions": (COMMAND, APP), "main":
            'faststream("docs", "gen", "--yaml", "application:app")\n'
            'seen.append(open("asyncapi.yaml").read())'},
        nothing={"definitions": COMMAND, "main": "faststream()"},
        run_of_nothing={"definitions": COMMAND, "main": 'faststream("run", "missing:app")'},
        document={"definitions": (COMMAND, APP), "main":
            'faststream("docs", "gen", "application:app")\n'
            'seen.append(open("asyncapi.json").read())'},
    ),
    dimension(
        "document", "document",
        asyncapi={"main": main_of(
            "from faststream.asyncapi.generate import get_app_schema",
            "seen.append(get_app_schema(FastStream(broker)).to_json())")},
        specification={"main": main_of(
            "from faststream.specification import AsyncAPI",
            "seen.append(AsyncAPI(broker).to_specification().to_json())")},
        specification_3={"main": main_of(
            "from faststream.specification import AsyncAPI",
            'seen.append(AsyncAPI(broker, schema_version="3.0.0").to_specification().to_json())')},
        page={"main": main_of(
            "from faststream.asyncapi import get_app_schema, get_asyncapi_html",
            "seen.append(len(get_asyncapi_html(get_app_schema(FastStream(broker)))) > 1000)")},
        of_asgi={"main": main_of("from faststream.specification import AsyncAPI",
            'document = AsyncAPI(broker, title="T", version="1.2.3")',
            "seen.append(document.to_specification().to_json())")},
        through_application={"main": main_of(
            'app = FastStream(broker, specification=AsyncAPI(title="T", version="1.2.3",'
            ' description="D", contact={"name": "N", "email": "n@example.org"},'
            ' license={"name": "MIT"}, tags=[{"name": "t"}], identifier="urn:a"))',
            "seen.append(app.schema.to_specification().to_json())")},
        of_everything_said={"main": main_of(
            "from faststream.asyncapi.generate import get_app_schema",
            'app = FastStream(broker, title="T", version="1.2.3", description="D",'
            ' terms_of_service="https://example.org/t", identifier="urn:a", contact='
            '{"name": "N", "email": "n@example.org"}, license={"name": "MIT"},'
            ' tags=[{"name": "t", "description": "of t"}],'
            ' external_docs={"url": "https://example.org/d"})',
            "seen.append(get_app_schema(app).to_json())")},
        of_application={"main": main_of(
            "from faststream.asyncapi.generate import get_app_schema",
            'app = FastStream(broker, title="T", version="1.2.3", description="D")',
            "seen.append(get_app_schema(app).to_json())")},
    ),
    dimension(
        "document", "said",
        description={"broker": 'description="of the broker"'},
        tags={"broker": 'tags=[{"name": "t"}]'},
        asyncapi_url={"broker": 'asyncapi_url="amqp://example.org:5672/vh"'},
        specification_url={"broker": 'specification_url="amqp://example.org:5672/vh"'},
        two_urls={"broker": 'specification_url=["amqp://a:1/", "amqp://b:2/"]'},
        protocol={"broker": ('protocol="amqps"', 'protocol_version="1.0"')},
        title_of_subscriber={"subscriber": 'title="orders"'},
        title_with_slash={"subscriber": 'title="all/orders {of}"'},
        description_of_subscriber={"subscriber": 'description="about orders"'},
        docstring={"style": "plain", "registered": (
            "@$subscribe", "async def documented(msg: int):", '    """About orders."""')},
        titles_alike={"subscriber": 'title="orders"', "registered":
                      'broker.subscriber("demo-2", title="orders")(handle)'},
        publisher_said={"registered":
            'broker.publisher("demo-out", title="out", description="of out", schema=int)'},
        publisher_of_model={"definitions": MODEL, "registered":
            'broker.publisher("demo-out", schema=Order)'},
        publisher_not_in_schema={"registered":
            'broker.publisher("demo-out", include_in_schema=False)'},
        publisher_of_exchange={"registered":
            'broker.publisher("demo-out", RabbitExchange("demo-x", type=ExchangeType.FANOUT))'},
        publisher_of_return={"define": "async def", "style": "plain", "registered": (
            '@broker.publisher("demo-out")', "@$subscribe",
            "async def answering(msg: str) -> int:", "    return 7")},
        two_publishers_of_queue={"registered": (
            'broker.publisher("demo-out", schema=int)',
            'broker.publisher("demo-out", schema=str)')},
        names_alike={"registered": (
            '@broker.subscriber("demo-2")', "async def handle(number: int):", "    pass")},
        two_handlers_of_types={"style": "plain", "registered": ("subscriber = $subscribe",
            "@subscriber(filter=lambda m: False)", "async def first(number: int):", "    pass",
            "", "@subscriber", "async def second(text: str):", "    pass")},
        only_publisher={"style": "plain", "registered": 'broker.publisher("demo-out")'},
        nothing={"style": "plain"},
    ),
)  # fmt: skip
