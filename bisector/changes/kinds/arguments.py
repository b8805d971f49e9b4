"""What a handler takes: its argument, what comes from the context, and what it depends on."""

from __future__ import annotations

from bisector.changes.grammar import dimension

MODEL = """\
class Order(BaseModel):
    number: int
    name: str = \"\""""
DATACLASS = """\
@dataclass
class Item:
    number: int
    name: str = \"\""""
ENUM = """\
class Colour(str, Enum):
    RED = "red"
    GREETING = "hello\""""
ODD = """\
class Odd:
    __hash__ = None

    def __eq__(self, other):
        return %s"""
CONTEXT = """\
def context():
    return broker.context if hasattr(broker, "context") else faststream.context"""
COUNTED = """\
calls = []


def one():
    calls.append(1)
    return len(calls)"""

DIMENSIONS = (
    dimension(
        "types", "argument",
        text={"argument": "msg: str"},
        bytes={"argument": "msg: bytes"},
        number={"argument": "msg: int"},
        float={"argument": "msg: float"},
        dict={"argument": "msg: dict"},
        list_of_numbers={"argument": "msg: List[int]"},
        any={"argument": "msg: Any"},
        optional={"argument": "msg: Optional[str]"},
        optional_with_default={"argument": "msg: Optional[str] = None"},
        model={"definitions": MODEL, "argument": "msg: Order"},
        optional_model={"definitions": MODEL, "argument": "msg: Optional[Order] = None"},
        list_of_models={"definitions": MODEL, "argument": "msg: List[Order]"},
        dataclass={"definitions": DATACLASS, "argument": "msg: Item"},
        union={"definitions": MODEL, "argument": "msg: Union[Order, str]"},
        date={"argument": "msg: datetime"},
        boolean={"argument": "msg: bool"},
        decimal={"argument": "msg: Decimal"},
        uuid={"argument": "msg: UUID"},
        enum={"definitions": ENUM, "argument": "msg: Colour"},
        literal={"argument": 'msg: Literal["hello"]'},
        tuple={"argument": "msg: Tuple[int, ...]"},
        dict_of_numbers={"argument": "msg: Dict[str, int]"},
        dict_of_models={"definitions": MODEL, "argument": "msg: Dict[str, Order]"},
        typed_dict={"definitions": "class Shape(TypedDict):\n    number: int",
                    "argument": "msg: Shape"},
        nested_model={"definitions": (MODEL, "class Box(BaseModel):\n    order: Order"),
                      "argument": "msg: Box"},
        nested_dataclass={"definitions": (DATACLASS, "@dataclass\nclass Box:\n    item: Item"),
                          "argument": "msg: Box"},
        model_with_alias={"definitions": "class Named(BaseModel):\n"
                          '    it: int = Field(alias="number")', "argument": "msg: Named"},
        model_with_enum={"definitions": (ENUM, ("class Painted(BaseModel):\n"
                         "    colour: Colour = Colour.RED")), "argument": "msg: Painted"},
        model_or_nothing={"definitions": MODEL, "argument": "msg: Union[Order, None]"},
        union_of_models={"definitions": (MODEL, "class Other(BaseModel):\n    other: int"),
                         "argument": "msg: Union[Other, Order]"},
        discriminated={"definitions": "class Cat(BaseModel):\n    kind: Literal['cat'] = 'cat'\n"
            "\n\nclass Dog(BaseModel):\n    kind: Literal['dog']", "argument":
            "msg: Annotated[Union[Cat, Dog], Field(discriminator='kind')]"},
        constrained={"argument": "msg: Annotated[str, Field(max_length=3)]"},
        described={"argument": 'msg: str = Field(description="what it is", examples=["a"])'},
        with_default={"argument": 'msg: str = "nobody"'},
        keyword_only={"argument": "*, msg"},
        positional_only={"argument": "msg, /"},
        of_all_positions={"argument": "*args", "noted": "args"},
        of_all_names={"argument": "**kwargs", "noted": "sorted(kwargs)"},
        two_models={"definitions": (MODEL, DATACLASS), "argument": "msg: Order, item: Item",
                    "noted": "msg, item"},
        text_annotation={"argument": 'msg: "str"'},
        fields={"argument": "number: int, name: str = 'nobody'", "noted": "number, name"},
        fields_and_rest={"argument": "number: int, **rest", "noted": "number, rest"},
        nothing={"argument": "", "noted": "None"},
        body_and_model={"definitions": MODEL, "argument": "msg: Order, other: int = 5",
                        "noted": "msg, other"},
        no_cast={"argument": "msg: NoCast[dict]"},
        message={"argument": "msg: RabbitMessage", "noted": "msg.body, msg.content_type"},
        message_decoded={"argument": "msg: RabbitMessage", "noted": "await msg.decode()"},
        message_details={"argument": "msg: RabbitMessage", "noted":
            "msg.headers, msg.reply_to, msg.path, msg.committed, type(msg).__name__"},
        message_properties={"argument": "msg: RabbitMessage", "noted":
            "msg.raw_message.expiration, msg.raw_message.priority, msg.raw_message.type,"
            " msg.raw_message.delivery_mode, msg.raw_message.app_id, msg.raw_message.routing_key"},
        decoded_twice={"argument": "msg: RabbitMessage", "noted":
            "await msg.decode(), await msg.decode()"},
        message_ids={"argument": "msg: RabbitMessage", "noted":
            "msg.message_id == msg.correlation_id, msg.raw_message.redelivered"},
    ),
    dimension(
        "context", "context",
        message={"extra": 'message=Context("message")', "notes": "type(message).__name__"},
        message_field={"extra": 'kind=Context("message.content_type")', "notes": "kind"},
        header={"extra": 'a: str = Header(default="none")', "notes": "a"},
        header_by_name={"extra": 'a: str = Header("kind", default="none")', "notes": "a"},
        headers={"extra": 'headers=Context("message.headers")', "notes": "headers"},
        default={"extra": 'it=Context("missing", default=1)', "notes": "it"},
        missing={"extra": 'it=Context("missing")', "notes": "it"},
        cast={"extra": 'it: int = Context("missing", default="1", cast=True)', "notes": "it"},
        by_own_name={"extra": "broker=Context()", "notes": "type(broker).__name__"},
        handler_={"extra": 'it=Context("handler_")', "notes": "type(it).__name__"},
        logger={"extra": "logger: Logger", "handler": 'logger.info("from the handler")'},
        initial={"extra": 'it=Context("made", initial=list)', "notes": "it"},
        repository={"extra": "context: ContextRepo", "notes": 'context.get("message") is not None'},
        none_in_context={"first": 'context().set_global("given", None)',
            "definitions": CONTEXT,
            "extra": 'it=Context("given", default="default")', "notes": "it"},
        scope={"definitions": CONTEXT, "handler": (
            'with context().scope("mine", 0):',
            '    seen.append((context().get("mine"), context().get_local("mine", 5)))',
            'seen.append((context().get("mine"), context().get_local("mine", 5)))')},
        scope_of_application={"extra": "context: ContextRepo", "handler": (
            'context.set_local("mine", 1)', 'seen.append(context.get_local("mine"))',
            'context.reset_local("mine", None)' )},
        false={"first": 'context().set_global("given", False)',
               "definitions": CONTEXT,
               "extra": 'it=Context("given", default="default")', "notes": "it"},
        empty={"first": 'context().set_global("given", [])',
               "definitions": CONTEXT,
               "extra": 'it=Context("given", default="default")', "notes": "it"},
        equal_to_all={"definitions": (CONTEXT, ODD % "True"),
                      "first": 'context().set_global("given", Odd())',
                      "extra": 'it=Context("given")', "notes": "type(it).__name__"},
        equal_to_nothing_known={
            "definitions": (CONTEXT, ODD % "1 / 0"),
            "first": 'context().set_global("given", Odd())',
            "extra": 'it=Context("given")', "notes": "type(it).__name__"},
        odd_default={"definitions": ODD % "1 / 0",
                     "extra": 'it=Context("missing", default=Odd())', "notes": "type(it).__name__"},
        field_of_missing={"extra": 'it=Context("missing.field", default=3)', "notes": "it"},
        missing_field={"extra": 'it=Context("message.nothing", default=3)', "notes": "it"},
        header_in_context={"extra": 'it=Context("message.headers.a", default=3)', "notes": "it"},
        header_cast={"extra": 'a: int = Header(default="5")', "notes": "a"},
        header_missing={"extra": "a: str = Header()", "notes": "a"},
        header_annotated={"extra": 'a: Annotated[str, Header(default="none")]', "notes": "a"},
        context_annotated={"extra": 'it: Annotated[Any, Context("message")]',
                           "notes": "type(it).__name__"},
        annotated_with_default={"extra": 'it: Annotated[Any, Context("missing")] = 4',
                                "notes": "it"},
        application={"extra": 'it=Context("app", default=None)', "notes": "it is None"},
        of_dependency={"definitions": 'def one(it=Context("message")):\n'
                       "    return type(it).__name__", "extra": "it=Depends(one)", "notes": "it"},
        of_subscriber={"extra": 'it=Context("log_context")', "notes": "sorted(it)"},
        of_message_id={"extra": 'it=Context("message.correlation_id")', "notes": "it"},
        of_publisher={"extra": "channel: Annotated[Any, Context('broker._channel', default=None)]",
                      "notes": "type(channel).__name__"},
        global_reset={"definitions": CONTEXT, "first": (
            'context().set_global("given", 5)', 'context().reset_global("given")'),
            "extra": 'it=Context("given", default=1)', "notes": "it"},
        cleared={"definitions": CONTEXT, "handler": (
            "context().clear()", 'seen.append(context().get("message"))')},
        resolved={"definitions": CONTEXT, "handler": (
            'seen.append(type(context().resolve("message.headers")).__name__)',
            'seen.append("message" in context())')},
        context_global={
            "definitions": CONTEXT,
            "first": 'context().set_global("given", 5)', "extra": 'it=Context("given")',
            "notes": "it"},
    ),
    dimension(
        "dependencies", "depends",
        sync={"definitions": "def one():\n    return 1", "extra": "it=Depends(one)", "notes": "it"},
        coroutine={"definitions": "async def one():\n    return 1", "extra": "it=Depends(one)",
                   "notes": "it"},
        generator={"definitions": 'def one():\n    yield 1\n    seen.append("closed")',
                   "extra": "it=Depends(one)", "notes": "it"},
        async_generator={"definitions": 'async def one():\n    yield 1\n    seen.append("closed")',
                         "extra": "it=Depends(one)", "notes": "it"},
        of_body={"definitions": "def whole(msg):\n    return msg", "extra": "it=Depends(whole)",
                 "notes": "it"},
        of_message={"definitions": "def of(message: RabbitMessage):\n    return message.headers",
                    "extra": "it=Depends(of)", "notes": "it"},
        nested={"definitions": "def one():\n    return 1\n\n\ndef two(it=Depends(one)):\n"
                "    return it + 1", "extra": "it=Depends(two)", "notes": "it"},
        annotated={"definitions": "def one():\n    return 1",
                   "extra": "it: Annotated[int, Depends(one)]", "notes": "it"},
        raising={"definitions": 'def one():\n    raise ValueError("dependency")',
                 "extra": "it=Depends(one)", "notes": "it"},
        raising_after={"definitions": 'def one():\n    yield 1\n    raise ValueError("after")',
                       "extra": "it=Depends(one)", "notes": "it"},
        cleaned_up_after_error={
            "definitions": 'async def one():\n    try:\n        yield 1\n    finally:\n'
            '        seen.append("cleaned up")', "extra": "it=Depends(one)",
            "handler": 'raise ValueError("handler")'},
        cached={"definitions": COUNTED + "\n\n\ndef two(it=Depends(one)):\n    return it",
                "extra": ("it=Depends(one)", "other=Depends(two)"), "notes": ("it", "other")},
        not_cached={"definitions": COUNTED + "\n\n\ndef two(it=Depends(one, use_cache=False)):\n"
                    "    return it", "extra": ("it=Depends(one)", "other=Depends(two)"),
                    "notes": ("it", "other")},
        of_class={"definitions": "class One:\n    def __init__(self, msg):\n        self.it = msg",
                "extra": "it=Depends(One)", "notes": "it.it"},
        callable_object={"definitions": "class One:\n    def __call__(self):\n        return 1",
                         "extra": "it=Depends(One())", "notes": "it"},
        with_context={"definitions": 'def one(it=Context("message")):\n    return it.content_type',
                      "extra": "it=Depends(one)", "notes": "it"},
        with_header={"definitions": 'def one(a: str = Header(default="none")):\n    return a',
                     "extra": "it=Depends(one)", "notes": "it"},
        with_typed_field={"definitions": "def one(number: int = 3):\n    return number",
                          "extra": "it=Depends(one)", "notes": "it"},
        not_cast={"definitions": 'def one() -> int:\n    return "1"',
                  "extra": "it: int = Depends(one, cast=False)", "notes": "it"},
        partial={"definitions": "def one(of, msg):\n    return of",
                 "extra": "it=Depends(functools.partial(one, 5))", "notes": "it"},
        of_thread={"definitions": "def one():\n    return threading.current_thread() is "
                   "threading.main_thread()", "extra": "it=Depends(one)", "notes": "it"},
        cast={"definitions": 'def one() -> int:\n    return "1"', "extra": "it: int = Depends(one)",
              "notes": "it"},
    ),
)  # fmt: skip
