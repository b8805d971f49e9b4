"""What becomes of a broker: started, stopped, lost and back, tested."""

from __future__ import annotations

from bisector.changes.grammar import dimension

LINKS = """\
links, connect = [], asyncio.open_connection


async def open_connection(*args, **options):
    links.append(await connect(*args, **options))
    return links[-1]


asyncio.open_connection = open_connection"""
AWAY = (
    LINKS.replace(
        "    links.append",
        '    if away:\n        raise ConnectionRefusedError("away")\n    links.append',
    )
    + "\naway = False"
)
SERVER = """\
async def on_server(do):
    connection = await aio_pika.connect(os.environ["AMQP_URL"])
    async with connection, connection.channel() as channel:
        await do(channel)"""
CUT = "links[0][1].transport.abort()"
STOP = "await broker.stop()"
CLOSE = "await broker.close()"


def main_of(*lines: str) -> str:
    """The lines of `main`."""
    return "\n".join(lines)


USE = ("$first", "await broker.start()", "$started", "$result", "await asyncio.sleep(0.4)", "$last")

DIMENSIONS = (
    dimension(
        "lifecycle", "life",
        closed={"main": main_of(*USE, CLOSE)},
        stopped={"main": main_of(*USE, STOP)},
        left_open={"main": main_of(*USE)},
        closed_twice={"main": main_of(*USE, CLOSE, CLOSE)},
        stopped_twice={"main": main_of(*USE, STOP, STOP)},
        never_started={"main": main_of("async with broker:", "    $connected", "    $result")},
        never_connected={"main": "$result"},
        closed_unused={"main": CLOSE},
        stopped_unused={"main": STOP},
        connected_only={"main": main_of("await broker.connect()", "$result", STOP)},
        connected_and_closed={"main": main_of("await broker.connect()", "$result", CLOSE)},
        connected_twice={"main": main_of("await broker.connect()", "await broker.connect()", *USE,
                                       STOP)},
        started_twice={"main": main_of("async with broker:", "    $connected",
            "    await broker.start()", "    await broker.start()", "    $result",
            "    await asyncio.sleep(0.4)")},
        restarted={"main": main_of(*USE, STOP, "await broker.start()", "$result",
                                 "await asyncio.sleep(0.3)", STOP)},
        restarted_after_close={"main": main_of(*USE, CLOSE, "await broker.start()", "$result",
                                             "await asyncio.sleep(0.3)", CLOSE)},
        published_after_close={"main": main_of(*USE, CLOSE, "$result")},
        published_after_stop={"main": main_of(*USE, STOP, "$result")},
        closed_while_working={
            "handler": ("await asyncio.sleep(0.2)", 'seen.append("done")'),
            "main": main_of("await broker.start()", "$result", "await asyncio.sleep(0.1)", CLOSE)},
        stopped_while_working={
            "handler": ("await asyncio.sleep(0.2)", 'seen.append("done")'),
            "broker": "graceful_timeout=2.0",
            "main": main_of("await broker.start()", "$result", "await asyncio.sleep(0.1)", STOP)},
        subscriber_stopped={"style": "plain",
            "registered": ("subscriber = $subscribe", "subscriber(handle)"),
            "last": ("await subscriber.close()", "$result", "await asyncio.sleep(0.2)")},
        subscriber_stopped_by_stop={"style": "plain",
            "registered": ("subscriber = $subscribe", "subscriber(handle)"),
            "last": ("await subscriber.stop()", "$result", "await asyncio.sleep(0.2)")},
        subscriber_restarted={"style": "plain",
            "registered": ("subscriber = $subscribe", "subscriber(handle)"),
            "last": (
                "await (subscriber.stop() if hasattr(subscriber, 'stop') else subscriber.close())",
                "await subscriber.start()", "$result", "await asyncio.sleep(0.2)")},
        restarted_thrice={"main": main_of(*(("async with broker:\n    await broker.start()\n"
            "    $result\n    await asyncio.sleep(0.2)"),) * 3)},
        context_and_stop={"main": main_of("async with broker:", "    $connected",
            "    await broker.start()", "    $result", "    await asyncio.sleep(0.2)",
            "    await (broker.stop() if hasattr(broker, 'stop') else broker.close())")},
        error_inside={"main": main_of("async with broker:", "    await broker.start()",
            "    $result", "    await asyncio.sleep(0.2)", '    raise ValueError("inside")')},
        stopped_with_error={"main": main_of(*USE,
            'await broker.stop(ValueError, ValueError("why"), None)')},
        stopped_at_once={"main": main_of("await broker.start()", "$result", STOP)},
        closed_at_once={"main": main_of("await broker.start()", "$result", CLOSE)},
        stopped_while_raising={
            "handler": ("await asyncio.sleep(0.2)", 'raise ValueError("handler")'),
            "main": main_of("await broker.start()", "$result", "await asyncio.sleep(0.1)", STOP)},
        stopped_with_many_waiting={
            "handler": "await asyncio.sleep(0.1)", "subscriber": "max_workers=2",
            "main": main_of("await broker.start()", *("$result",) * 5, "await asyncio.sleep(0.15)",
                            STOP)},
        never_stopped_while_working={
            "handler": ("await asyncio.sleep(0.4)", 'seen.append("done")'),
            "main": main_of("await broker.start()", "$result", "await asyncio.sleep(0.1)")},
        work_too_long={"handler": "await asyncio.sleep(2)", "broker": "graceful_timeout=0.2",
            "main": main_of("await broker.start()", "$result", "await asyncio.sleep(0.1)", STOP)},
        started_in_a_task={"main": main_of("await asyncio.create_task(broker.start())", "$result",
                                           "await asyncio.sleep(0.3)", STOP)},
        started_at_once_twice={"main": main_of(
            "await asyncio.gather(broker.start(), broker.start())", "$result",
            "await asyncio.sleep(0.3)", STOP)},
        made_in_main={"main": main_of('own = RabbitBroker(os.environ["AMQP_URL"])',
            "own.subscriber(\"demo\")(handle)", "await own.start()",
            'await own.publish("hello", "demo")', "await asyncio.sleep(0.2)",
            "await (own.stop() if hasattr(own, 'stop') else own.close())"), "style": "plain"},
        in_a_thread={"main": main_of("async def use():", *(f"    {line}" for line in (
            "await broker.start()", "$result", "await asyncio.sleep(0.3)", STOP)),
            "await asyncio.get_running_loop().run_in_executor(None, asyncio.run, use())")},
        in_two_loops={"main": main_of("async def use():", *(f"    {line}" for line in (
            "await broker.start()", "$result", "await asyncio.sleep(0.3)", STOP)),
            "for _ in range(2):",
            "    await asyncio.get_running_loop().run_in_executor(None, asyncio.run, use())")},
        brokers_of_one_queue={"definitions": 'other = RabbitBroker(os.environ["AMQP_URL"])',
            "registered": '@other.subscriber("demo")\nasync def second(msg):\n'
            '    seen.append(("handle", msg))', "connected": "await other.start()",
            "last": "await (other.stop() if hasattr(other, 'stop') else other.close())"},
        other_broker_first={"definitions": 'other = RabbitBroker(os.environ["AMQP_URL"])',
            "first": ("await other.start()",
                      "await (other.stop() if hasattr(other, 'stop') else other.close())")},
        running={"first": "seen.append(broker.running)", "last": "seen.append(broker.running)"},
        get_one_acknowledged={"style": "plain", "registered": "subscriber = $subscribe", "last": (
            "message = await subscriber.get_one(timeout=1)", "await message.ack()",
            "seen.append((message.body, message.content_type))")},
        get_one_not_automatic={"style": "plain", "registered": "subscriber = $subscribe", "last":
            "seen.append((await subscriber.get_one(timeout=1, no_ack=False)).body)"},
        get_one_with_handler={"style": "plain",
            "registered": ("subscriber = $subscribe", "subscriber(handle)"),
            "last": "seen.append(await subscriber.get_one(timeout=0.2))"},
        iterated_several={"style": "plain", "registered": "subscriber = $subscribe", "last": (
            "$result", "async for message in subscriber:",
            "    seen.append(await message.decode())", "    await message.ack()",
            "    if len(seen) > 3:", "        break")},
        subscriber_without_handler={"style": "plain", "registered": "subscriber = $subscribe"},
        declared_passively={"started": (
            'seen.append(type(await broker.declare_queue("demo", passive=True)).__name__)')},
        declared_by_object={"started": (
            ('queue = await broker.declare_queue(RabbitQueue("demo-hand", durable=True,'
            ' arguments={"x-max-length": 5}))'),
            ('exchange = await broker.declare_exchange(RabbitExchange("demo-hand",'
            " type=ExchangeType.FANOUT, durable=True))"), "await queue.bind(exchange)",
            'await broker.publish("by fanout", exchange="demo-hand")')},
        ping={"last": "seen.append(await broker.ping(timeout=2))"},
        ping_after_stop={"main": main_of(
            *USE, STOP, "seen.append(await broker.ping(timeout=0.3))")},
        ping_before_start={"main": main_of(
            "seen.append(await broker.ping(timeout=0.3))", *USE)},
        ping_after_close={
            "main": main_of(*USE, CLOSE, "seen.append(await broker.ping(timeout=0.3))")},
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
                     "main": main_of(*USE, CUT, "await asyncio.sleep(0.1)", STOP)},
        before_close={"definitions": LINKS, "broker": "reconnect_interval=5",
                      "main": main_of(*USE, CUT, "await asyncio.sleep(0.1)", CLOSE)},
        lost_twice={"definitions": LINKS, "broker": "reconnect_interval=0.2", "last": (
            CUT, "await asyncio.sleep(0.6)", "links[-1][1].transport.abort()",
            "await asyncio.sleep(0.6)", "$result", "await asyncio.sleep(0.3)")},
        published_meanwhile={"definitions": LINKS, "broker": "reconnect_interval=0.2", "last": (
            CUT, "await asyncio.sleep(0.05)", "$result", "await asyncio.sleep(0.5)")},
        publisher_meanwhile={"definitions": LINKS, "broker": "reconnect_interval=0.2",
            "registered": 'publisher = broker.publisher("demo")', "last": (
            CUT, "await asyncio.sleep(0.05)", 'await publisher.publish("meanwhile")',
            "await asyncio.sleep(0.5)")},
        requested_meanwhile={"definitions": LINKS, "broker": "reconnect_interval=0.2", "last": (
            CUT, "await asyncio.sleep(0.05)",
            'seen.append((await broker.request("x", $to, timeout=2)).body)')},
        requested_afterwards={"definitions": LINKS, "broker": "reconnect_interval=0.2", "last": (
            'seen.append((await broker.request("x", $to, timeout=1)).body)', CUT,
            "await asyncio.sleep(0.8)",
            'seen.append((await broker.request("x", $to, timeout=1)).body)')},
        exchange_afterwards={"definitions": LINKS, "broker": "reconnect_interval=0.2",
            "exchange": 'RabbitExchange("demo-x", auto_delete=True)', "last": (
            CUT, "await asyncio.sleep(0.8)", "$result", "await asyncio.sleep(0.3)")},
        away_and_back={"definitions": AWAY, "broker": "reconnect_interval=0.2", "last": (
            "globals().update(away=True)", CUT, "await asyncio.sleep(0.5)",
            "globals().update(away=False)",
            "await asyncio.sleep(0.8)", "$result", "await asyncio.sleep(0.3)")},
        away_and_ping={"definitions": AWAY, "broker": "reconnect_interval=0.2", "last": (
            "globals().update(away=True)", CUT, "await asyncio.sleep(0.3)",
            "seen.append(await broker.ping(timeout=0.3))")},
        away_and_stop={"definitions": AWAY, "broker": "reconnect_interval=0.2", "main": main_of(
            "global away", *USE, "away = True", CUT, "await asyncio.sleep(0.3)", STOP)},
        away_and_close={"definitions": AWAY, "broker": "reconnect_interval=0.2", "main": main_of(
            "global away", *USE, "away = True", CUT, "await asyncio.sleep(0.3)", CLOSE)},
        away_at_first={"definitions": AWAY, "main": main_of("global away", "away = True",
            "try:", "    await broker.start()", "except Exception as error:",
            '    seen.append(("cannot start", type(error).__name__))', "away = False", *USE, STOP)},
        away_at_first_and_waits={"definitions": AWAY, "broker": "reconnect_interval=0.2",
            "main": main_of("global away", "away = True",
            "asyncio.get_running_loop().call_later(0.5, globals().update, {'away': False})", *USE,
            STOP)},
        queue_deleted={"definitions": SERVER, "last": (
            "await on_server(lambda channel: channel.queue_delete(\"demo\"))",
            "await asyncio.sleep(0.3)", "$result", "await asyncio.sleep(0.2)")},
        channel_closed={"last": (
            "try:", '    await broker.declare_queue(RabbitQueue("demo-own", exclusive=True))',
            '    await broker.declare_queue(RabbitQueue("demo-own", durable=True))',
            "except Exception as error:", '    seen.append(("refused", type(error).__name__))',
            "await asyncio.sleep(0.2)", "$result", "await asyncio.sleep(0.2)")},
        while_working={"definitions": LINKS, "handler": (CUT, "await asyncio.sleep(0.05)")},
    ),
    dimension(
        "test broker", "tested",
        plain={"main": main_of("async with TestRabbitBroker(broker) as tested:",
                             "    $result", '    seen.append(("mock", handle.mock.mock_calls))')},
        received={"main": main_of("async with TestRabbitBroker(broker):", "    $result",
            "    await handle.wait_call(1)",
            '    seen.append(("calls", handle.mock.call_count, handle.mock.call_args))')},
        raising={"handler": 'raise ValueError("handler")', "main": main_of(
            "async with TestRabbitBroker(broker):", "    $result")},
        published_to_publisher={"decorators": '@broker.publisher("demo-out")',
            "registered": 'out = broker.publisher("demo-more")', "handler": 'return "answer"',
            "main": main_of("async with TestRabbitBroker(broker):", "    $result",
            '    await out.publish("by hand")', '    seen.append(("mock", out.mock.mock_calls))')},
        nested={"main": main_of("async with TestRabbitBroker(broker):", "    $result",
            "    async with TestRabbitBroker(broker):", "        $result", "    $result")},
        twice={"main": main_of("for _ in range(2):", "    async with TestRabbitBroker(broker):",
            "        $result", "    seen.append(broker.running)")},
        then_real={"main": main_of("async with TestRabbitBroker(broker):", "    $result", *USE,
            "await (broker.stop() if hasattr(broker, 'stop') else broker.close())")},
        two_brokers={"definitions": 'other = RabbitBroker()\n\n\n@other.subscriber("demo")\n'
            'async def of_other(msg):\n    seen.append(("other", msg))', "main": main_of(
            "async with TestRabbitBroker(broker), TestRabbitBroker(other):", "    $result",
            '    await other.publish("of other", "demo")')},
        to_several={"registered": (
            '@broker.subscriber("demo")', "async def second(msg):", '    seen.append("second")'),
            "main": main_of("async with TestRabbitBroker(broker):", "    $result")},
        acknowledged={"extra": "message: RabbitMessage", "handler": (
            "await message.ack()", "seen.append(str(message.committed))"), "main": main_of(
            "async with TestRabbitBroker(broker):", "    $result")},
        properties={"argument": "msg: RabbitMessage", "noted":
            "msg.raw_message.expiration, msg.raw_message.priority, msg.raw_message.type,"
            " msg.raw_message.delivery_mode, msg.raw_message.app_id, msg.raw_message.routing_key,"
            " msg.raw_message.exchange, msg.raw_message.user_id, msg.raw_message.content_encoding,"
            " msg.raw_message.headers, msg.raw_message.message_id == msg.correlation_id",
            "main": main_of("async with TestRabbitBroker(broker):", "    $result")},
        slow_handler={"handler": ("await asyncio.sleep(0.1)", 'seen.append("done")'),
            "main": main_of("async with TestRabbitBroker(broker):", "    $result",
                            '    seen.append("published")')},
        request_of_nobody={"main": main_of("async with TestRabbitBroker(broker):",
            '    seen.append(await broker.request("x", "demo-nowhere", timeout=0.3))')},
        request_details={"handler": 'return RabbitResponse("a", headers={"b": "c"})',
            "main": main_of("async with TestRabbitBroker(broker):",
            "    reply = await broker.request($message)",
            "    seen.append((reply.body, await reply.decode(), reply.headers.get('b'),"
            " reply.content_type))")},
        subscriber_of_test={"main": main_of("async with TestRabbitBroker(broker) as tested:",
            '    @tested.subscriber("demo-2")', "    async def late(msg):",
            '        seen.append(("late", msg))', '    await tested.publish("x", "demo-2")')},
        error_inside={"main": main_of("async with TestRabbitBroker(broker):",
            '    raise ValueError("inside")')},
        get_one={"style": "plain", "registered": "subscriber = $subscribe", "main": main_of(
            "async with TestRabbitBroker(broker):",
            "    asyncio.get_running_loop().call_later(0.05, asyncio.ensure_future,"
            " broker.publish($message))",
            "    seen.append(await subscriber.get_one(timeout=0.3))")},
        declared={"main": main_of("async with TestRabbitBroker(broker):",
            '    seen.append(type(await broker.declare_queue(RabbitQueue("demo-2"))).__name__)')},
        pinged={"main": main_of("async with TestRabbitBroker(broker):",
            "    seen.append(await broker.ping(timeout=0.3))")},
        real={"main": main_of("async with TestRabbitBroker(broker, with_real=True):",
                            "    $result", "    await asyncio.sleep(0.3)",
                            '    seen.append(("mock", handle.mock.mock_calls))')},
        connect_only={"main": main_of("async with TestRabbitBroker(broker, connect_only=True):",
                                    "    $result")},
        mocks_reset={"main": main_of("async with TestRabbitBroker(broker):", "    $result",
                                   "seen.append(handle.mock)")},
        publisher={"decorators": '@broker.publisher("demo-out")', "main": main_of(
            "async with TestRabbitBroker(broker):", "    $result")},
        missing_queue={"main": main_of("async with TestRabbitBroker(broker):",
            '    seen.append(await broker.publish("x", "demo-nowhere"))')},
        app={"definitions": "", "main": main_of("app = FastStream(broker)",
            "async with TestRabbitBroker(broker), TestApp(app):", "    $result")},
        request={"main": main_of("async with TestRabbitBroker(broker):",
            "    seen.append((await broker.request($message)).body)")},
        rpc={"main": main_of("async with TestRabbitBroker(broker):",
            "    seen.append(await broker.publish($message, rpc=True))")},
    ),
)  # fmt: skip
