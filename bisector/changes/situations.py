"""A situation: a few choices of the grammar, and the small program that they make."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Template

from bisector.changes.grammar import LISTS, Choice

HOMES = {
    "faststream": "BaseMiddleware Context Depends ExceptionMiddleware FastStream Header Path"
    " Response TestApp Logger ContextRepo NoCast AckPolicy PublishType PublishCommand"
    " StreamMessage AsyncAPI",
    "faststream.rabbit": "Channel ExchangeType QueueType RabbitBroker RabbitExchange RabbitMessage"
    " RabbitPublisher RabbitQueue RabbitResponse RabbitRoute RabbitRouter ReplyConfig"
    " TestRabbitBroker RabbitPublishCommand",
    "faststream.exceptions": "AckMessage NackMessage RejectMessage SkipMessage StopConsume"
    " StopApplication IgnoredException",
    "faststream.security": "SASLPlaintext BaseSecurity",
    "faststream.asgi": "AsgiFastStream make_ping_asgi",
    "dataclasses": "dataclass",
    "datetime": "datetime timedelta timezone date",
    "decimal": "Decimal",
    "enum": "Enum",
    "typing": "Any Dict List Literal Optional Tuple Union",
    "typing_extensions": "Annotated TypedDict",
    "urllib.parse": "urlsplit",
    "uuid": "UUID",
    "pydantic": "BaseModel Field",
}
"""Where programs import names from; old releases have some of them elsewhere, or not at all."""
_MODULES = (
    "asyncio",
    "faststream",
    "functools",
    "importlib",
    "inspect",
    "json",
    "logging",
    "os",
    "runpy",
    "sys",
    "threading",
    "warnings",
    "aio_pika",
    "pamqp.frame",
)
_HOME = {name: home for home, names in HOMES.items() for name in names.split()}

_DEFAULTS = {
    "url": 'os.environ["AMQP_URL"]',
    "on": "broker",
    "prefix": "",
    "queue": '"demo"',
    "exchange": "",
    "argument": "msg",
    "noted": "msg",
    "define": "async def",
    "key": "demo",
    "payload": '"hello"',
    "send": "await broker.publish($message)",
    "result": 'seen.append(("published", $send))',
    "style": "decorator",
    "returned": "",
    "raised": "",
    "publisher_on": "broker",
    "main": """\
$first
async with broker:
    $connected
    await broker.start()
    $started
    $result
    await asyncio.sleep(0.4)
    $last""",
}
_DECORATED = """\
$decorators
@$subscribe
$define handle($parameters):
    seen.append(("handle", $noted))
    $handler"""
_PLAIN = """\
$define handle($parameters):
    seen.append(("handle", $noted))
    $handler"""
_PROGRAM = """\
seen = []
$definitions
broker = RabbitBroker($broker)
$routers


$subscription
$registered


async def main():
    $main


asyncio.run(main())"""


@dataclass(frozen=True)
class Situation:
    """Choices, at most one of each dimension; the rest is as the grammar's defaults have it."""

    choices: frozenset[Choice]

    @classmethod
    def of(cls, choices: Iterable[Choice] = ()) -> Situation:
        """Make one; of several choices of a dimension the last counts."""
        return cls(frozenset({c.dimension: c for c in choices}.values()))

    def __str__(self) -> str:
        return " + ".join(sorted(c.id for c in self.choices)) or "nothing special"

    def without(self, choices: Iterable[Choice]) -> Situation:
        """Take choices back to the default."""
        return Situation(self.choices - frozenset(choices))

    @property
    def text(self) -> str:
        """The program, as it is run and shown."""
        return render(self.choices)


@functools.lru_cache(maxsize=4096)
def render(choices: frozenset[Choice]) -> str:
    """Put choices into a program's slots; imports follow from the names that are used."""
    slots: dict[str, str] = dict(_DEFAULTS)
    lists: dict[str, list[str]] = {name: [] for name in LISTS}
    for choice in sorted(choices, key=lambda c: c.id):
        for slot, values in choice.slots.items():
            if slot in lists:
                lists[slot] += [v for v in values if v not in lists[slot]]
            else:
                slots[slot] = values[0]
    queue = [slots["queue"], *filter(None, [slots["exchange"]]), *lists["subscriber"]]
    exchange = [f"exchange={slots['exchange']}"] if slots["exchange"] else []
    key = f'"{slots["prefix"]}{slots["key"]}"'
    made: dict[str, str] = {
        **slots,
        "to": ", ".join([key, *exchange]),
        "message": ", ".join([slots["payload"], key, *exchange, *lists["publish"]]),
        "options": "".join(f", {option}" for option in lists["publish"]),
        "subscribe": f"{slots['on']}.subscriber({', '.join(queue)})",
        "subscription": _DECORATED if slots["style"] == "decorator" else _PLAIN,
        "parameters": ", ".join(filter(None, [slots["argument"], *lists["extra"]])),
        "noted": ", ".join(filter(None, [slots["noted"], *lists["notes"]])),
        "publisher": ", ".join([key, *exchange, *lists["publisher"]]),
    }
    blocks = {name: "\n".join(lists[name]) for name in LISTS}
    blocks["broker"] = ", ".join(filter(None, [slots["url"], *lists["broker"]]))
    blocks["router"] = ", ".join(lists["router"])
    if slots["on"] == "router" and not blocks["routers"]:
        blocks["routers"] = "router = RabbitRouter($router)"
        blocks["registered"] = "\n".join(["broker.include_router(router)", *lists["registered"]])
    return _with_imports(_fill(_PROGRAM, {**blocks, **made}))


def _fill(template: str, slots: Mapping[str, str]) -> str:
    """Fill slots that hold slots, line by line, so that blocks keep the indentation they are at."""
    lines: list[str] = []
    for line in template.splitlines():
        alone = re.fullmatch(r"(\s*)\$(\w+)", line)
        if alone:
            filled = _fill(slots[alone[2]], slots)
            lines += [f"{alone[1]}{inner}" if inner else "" for inner in filled.splitlines()]
            continue
        while "$" in line:
            line = Template(line).substitute(slots)  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines)


def _with_imports(text: str) -> str:
    words = set(re.findall(r"(?<![\w.\"'])[A-Za-z_]\w*", text))
    modules = [name for name in _MODULES if re.search(rf"(?<![\w.]){re.escape(name)}\.", text)]
    homes: dict[str, list[str]] = {}
    for word in sorted(words & _HOME.keys()):
        homes.setdefault(_HOME[word], []).append(word)
    lines = [f"import {name}" for name in modules]
    lines += [f"from {home} import {', '.join(names)}" for home, names in sorted(homes.items())]
    return "\n".join(lines) + "\n\n" + spaced(text) + "\n"


def spaced(text: str) -> str:
    """Put two blank lines around functions and classes, as everybody does."""
    lines: list[str] = []
    for line in text.splitlines():
        last = lines[-1] if lines else ""
        begins = re.match(r"(async def|def|class|@)", line) and not last.startswith("@")
        ends = re.match(r"\S", line) and last.startswith(" ") and not line.startswith(")")
        if line.strip() and last and (begins or ends):
            lines += ["", ""]
        if line.strip() or lines[-2:] != ["", ""]:
            lines.append(line)
    return "\n".join(lines)
