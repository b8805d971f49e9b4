"""What becomes of a broker: started, stopped, lost, tested, documented, run as an application."""

from __future__ import annotations

from bisector.changes.grammar import dimension

LINKS = """\
links, connect = [], asyncio.open_connection


async def open_connection(*args, **options):
    links.append(await connect(*args, **options))
    return links[-1]


asyncio.open_connection = open_connection"""
CUT = "links[0][1].transport.abort()"
STOP = "await broker.stop()"
CLOSE = "await broker.close()"
RUN = """\
app = FastStream(broker)


@app.after_startup
async def begin():
    seen.append("started")
    $result
    await asyncio.sleep(0.3)
    app.exit()"""
COMMAND = """\
async def faststream(*words):
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "faststream", *words, stdout=-1, stderr=-2)
    output, _ = await command.communicate()
    seen.append((command.returncode, output.decode()))"""
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


def _main(*lines: str) -> str:
    return "\n".join(lines)


USE = ("$first", "await broker.start()", "$started", "$result", "await asyncio.sleep(0.4)", "$last")

DIMENSIONS = (
    dimension(
        "lifecycle", "life",
        closed={"main": _main(*USE, CLOSE)},
        stopped={"main": _main(*USE, STOP)},
        left_open={"main": _main(*USE)},
        closed_twice={"main": _main(*USE, CLOSE, CLOSE)},
        stopped_twice={"main": _main(*USE, STOP, STOP)},
        never_started={"main": _main("async with broker:", "    $connected", "    $result")},
        never_connected={"main": "$result"},
        closed_unused={"main": CLOSE},
        stopped_unused={"main": STOP},
        connected_only={"main": _main("await broker.connect()", "$result", STOP)},
        connected_and_closed={"main": _main("await broker.connect()", "$result", CLOSE)},
        connected_twice={"main": _main("await broker.connect()", "await broker.connect()", *USE,
                                       STOP)},
        started_twice={"main": _main("async with broker:", "    $connected",
            "    await broker.start()", "    await broker.start()", "    $result",
            "    await asyncio.sleep(0.4)")},
        restarted={"main": _main(*USE, STOP, "await broker.start()", "$result",
                                 "await asyncio.sleep(0.3)", STOP)},
        restarted_after_close={"main": _main(*USE, CLOSE, "await broker.start()", "$result",
                                             "await asyncio.sleep(0.3)", CLOSE)},
        published_after_close={"main": _main(*USE, CLOSE, "$result")},
        published_after_stop={"main": _main(*USE, STOP, "$result")},
        closed_while_working={
            "handler": ("await asyncio.sleep(0.2)", 'seen.append("done")'),
            "main": _main("await broker.start()", "$result", "await asyncio.sleep(0.1)", CLOSE)},
        stopped_while_working={
            "handler": ("await asyncio.sleep(0.2)", 'seen.append("done")'),
            "broker": "graceful_timeout=2.0",
            "main": _main("await broker.start()", "$result", "await asyncio.sleep(0.1)", STOP)},
        subscriber_stopped={"style": "plain",
            "registered": ("subscriber = $subscribe", "subscriber(handle)"),
            "last": ("await subscriber.close()", "$result", "await asyncio.sleep(0.2)")},
        subscriber_stopped_by_stop={"style": "plain",
            "registered": ("subscriber = $subscribe", "subscriber(handle)"),
            "last": ("await subscriber.stop()", "$result", "await asyncio.sleep(0.2)")},
        ping={"last": "seen.append(await broker.ping(timeout=2))"},
        ping_after_stop={"main": _main(*USE, STOP, "seen.append(await broker.ping(timeout=0.3))")},
        ping_before_start={"main": _main(
            "seen.append(await broker.ping(timeout=0.3))", *USE)},
        ping_after_close={
            "main": _main(*USE, CLOSE, "seen.append(await broker.ping(timeout=0.3))")},
        get_one={"style": "plain", "registered": "subscriber = $subscribe", "last":
            "seen.append((await subscriber.get_one(timeout=1)).body)"},
        get_one_of_nothing={"style": "plain",
            "registered": 'subscriber = broker.subscriber("demo-2")',
                            "last": "seen.append(await subscriber.get_one(timeout=0.2))"},
        iterated={"style": "plain", "registered": "subscriber = $subscribe", "last": (
            "async for message in subscriber:", "    seen.append(message.body)", "    break")},
        two_brokers={"definitions": 'other = RabbitBroker(os.environ["AMQP_URL"])',
            "connected": "await other.start()", "last": (
            "await (other.stop() if hasattr(other, 'stop') else other.close())", "$result")},
        declared_by_hand={"started": (
            'queue = await broker.declare_queue(RabbitQueue("demo-hand"))',
            'exchange = await broker.declare_exchange(RabbitExchange("demo-hand"))',
            "seen.append((type(queue).__name__, type(exchange).__name__))")},
        handler_called={"last": 'seen.append(("called", await handle("by hand")))'},
        handler_waited={"last": 'seen.append(await handle.wait_call(1))'},
    ),
    dimension(
        "connection lost", "connection_lost",
        before_publish={"definitions": LINKS, "started": (CUT, "await asyncio.sleep(0.1)")},
        and_back={"definitions": LINKS, "broker": "reconnect_interval=0.2", "last": (
            CUT, "await asyncio.sleep(0.8)", "$result", "await asyncio.sleep(0.3)")},
        before_end={"definitions": LINKS, "last": CUT},
        before_ping={"definitions": LINKS, "last": (CUT, "await asyncio.sleep(0.05)",
            "seen.append(await broker.ping(timeout=0.2))", "await asyncio.sleep(0.3)",
            "seen.append(await broker.ping(timeout=2))")},
        before_stop={"definitions": LINKS, "broker": "reconnect_interval=5",
                     "main": _main(*USE, CUT, "await asyncio.sleep(0.1)", STOP)},
        before_close={"definitions": LINKS, "broker": "reconnect_interval=5",
                      "main": _main(*USE, CUT, "await asyncio.sleep(0.1)", CLOSE)},
        while_working={"definitions": LINKS, "handler": (CUT, "await asyncio.sleep(0.05)")},
    ),
    dimension(
        "test broker", "tested",
        plain={"main": _main("async with TestRabbitBroker(broker) as tested:",
                             "    $result", '    seen.append(("mock", handle.mock.mock_calls))')},
        real={"main": _main("async with TestRabbitBroker(broker, with_real=True):",
                            "    $result", "    await asyncio.sleep(0.3)",
                            '    seen.append(("mock", handle.mock.mock_calls))')},
        connect_only={"main": _main("async with TestRabbitBroker(broker, connect_only=True):",
                                    "    $result")},
        mocks_reset={"main": _main("async with TestRabbitBroker(broker):", "    $result",
                                   "seen.append(handle.mock)")},
        publisher={"decorators": '@broker.publisher("demo-out")', "main": _main(
            "async with TestRabbitBroker(broker):", "    $result")},
        missing_queue={"main": _main("async with TestRabbitBroker(broker):",
            '    seen.append(await broker.publish("x", "demo-nowhere"))')},
        app={"definitions": "", "main": _main("app = FastStream(broker)",
            "async with TestRabbitBroker(broker), TestApp(app):", "    $result")},
        request={"main": _main("async with TestRabbitBroker(broker):",
            "    seen.append((await broker.request($message)).body)")},
        rpc={"main": _main("async with TestRabbitBroker(broker):",
            "    seen.append(await broker.publish($message, rpc=True))")},
    ),
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
        started_by_hand={"registered": "app = FastStream(broker)", "main": _main(
            "await app.start()", "$result", "await asyncio.sleep(0.3)", "await app.stop()")},
        asgi={"registered": "app = AsgiFastStream(broker)", "main": _main(
            "inbox = asyncio.Queue()", "async def send(message):",
            "    seen.append(message)", "async def say():", '    await inbox.put({"type": '
            '"lifespan.startup"})', "    await asyncio.sleep(0.4)",
            '    await inbox.put({"type": "lifespan.shutdown"})',
            'await asyncio.gather(say(), app({"type": "lifespan"}, inbox.get, send))')},
        asgi_hook_raising={"registered": (
            "app = AsgiFastStream(broker)",
            '@app.on_startup\nasync def starting():\n    raise ValueError("hook")'), "main": _main(
            "inbox = asyncio.Queue()", 'await inbox.put({"type": "lifespan.startup"})',
            "async def send(message):", "    seen.append(message)",
            'await app({"type": "lifespan"}, inbox.get, send)')},
        asgi_http={"registered":
            'app = AsgiFastStream(broker, asgi_routes=[("/health", make_ping_asgi(broker))])',
            "main": _main("await broker.start()", "async def send(message):",
            "    seen.append(message)",
            'scope = {"type": "http", "method": "GET", "path": "/health", "headers": []}',
            "await app(scope, None, send)",
            "await app({**scope, \"path\": \"/none\"}, None, send)")},
        sigterm={"registered": RUN.replace("app.exit()", "os.kill(os.getpid(), 15)"),
                 "main": "await app.run()"},
    ),
    dimension(
        "command line", "command",
        version={"definitions": COMMAND, "main": 'await faststream("--version")'},
        help={"definitions": COMMAND, "main": 'await faststream("--help")'},
        run={"definitions": (COMMAND, APP), "main": 'await faststream("run", "application:app")'},
        run_of_factory={"definitions": (COMMAND, APP), "main":
            'await faststream("run", "application:make", "--factory")'},
        run_of_nothing={"definitions": COMMAND, "main": 'await faststream("run", "missing:app")'},
        document={"definitions": (COMMAND, APP), "main":
            'await faststream("docs", "gen", "application:app")\n'
            'seen.append(open("asyncapi.json").read())'},
    ),
    dimension(
        "document", "document",
        asyncapi={"main": _main(
            "from faststream.asyncapi.generate import get_app_schema",
            "seen.append(get_app_schema(FastStream(broker)).to_json())")},
        specification={"main": _main(
            "from faststream.specification import AsyncAPI",
            "seen.append(AsyncAPI(broker).to_json())")},
        specification_3={"main": _main(
            "from faststream.specification import AsyncAPI",
            'seen.append(AsyncAPI(broker, schema_version="3.0.0").to_json())')},
        of_application={"main": _main(
            "from faststream.asyncapi.generate import get_app_schema",
            'app = FastStream(broker, title="T", version="1.2.3", description="D")',
            "seen.append(get_app_schema(app).to_yaml())")},
    ),
)  # fmt: skip
