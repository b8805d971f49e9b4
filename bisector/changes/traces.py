"""A trace: what one run of a situation showed, with what differs from run to run named instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote, urlsplit

NAME = "demo"
"""What the names of all queues and exchanges of a situation begin with."""
Told = list[Any]
"""`[source, name, fields]`, as benchmarks/situations/_observe.py explains; and `left`, of ours."""
SOURCES = ("end", "seen", "sent", "received", "left", "log", "warning", "task", "output")

_HEX = r"[0-9a-f]"
_RULES: tuple[tuple[str, str], ...] = (
    (rf"\b{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}\b", "<id>"),
    (rf"(?<!{_HEX}){_HEX}{{32}}(?!{_HEX})", "<id>"),
    (r"amq\.gen-[\w-]{22}", "<queue>"),
    (r"amq\.ctag-[\w-]{22}", "<tag>"),
    (rf"(?<![\w-])(?=\d*[a-f]){_HEX}{{10}}(?![\w-])", "<id>"),
    (r"amq\.rabbitmq\.reply-to\.[\w+/=.-]+", "amq.rabbitmq.reply-to.<id>"),
    (r"\bfd=\d+", "fd=<number>"),
    (
        r"(?s)Traceback \(most recent call last\):.*?(\\n|\n)(?=[\w.]+(Error|Exception|Group))",
        "<traceback> ",
    ),
    (rf"(?<=\| ){_HEX}{{8}}-?{_HEX}{{1,2}}(?= )", "<id>"),  # a log's column
    (r"\x1b\[[0-9;]*m", ""),
    (r"( object)? at 0x[0-9a-f]+", ""),
    (r"0x[0-9a-f]{6,}", "<address>"),
    (r"\b(id|task-|Task-|Thread-)=?\d+", r"\1<number>"),
    (r"(?<=faststream[-/ ])v?\d+\.\d+\.\d+\w*", "<version>"),
    (r"[^\s'\"(]*/(site-packages|python3\.\d+)/", "<python>/"),
    (r"(?<=\.py)(:|\", line )\d+", r"\1<line>"),
    (r"\d+(\.\d+)?(?= ?(s|ms|seconds?)\b)", "<time>"),
    (r"'(version|platform|information)': '[^']*'", r"'\1': '<...>'"),
    (r"ports? [\d, ]+", "port <port>"),
)
_ISO = r"{}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?([+-]\d\d:\d\d|Z)?"
_OF_TRACEBACK = r"Traceback \(|The above exc|During handl"
_COMPILED = [(re.compile(pattern), word) for pattern, word in _RULES]


@dataclass(frozen=True)
class Run:
    """What one run of one situation showed, as it came."""

    events: list[Told]
    code: int
    """Its exit code, 128 + n after signal n."""
    output: str
    """The end of what it printed."""
    place: str
    """What its names began with, instead of `NAME`."""


@dataclass(frozen=True)
class Event:
    """One thing that was observed: `fields` are (name, value), as they came."""

    source: str
    name: str
    fields: tuple[tuple[str, str], ...] = ()

    def get(self, field: str) -> str:
        """A field's value; empty where there is none."""
        return dict(self.fields).get(field, "")


@dataclass(frozen=True)
class Trace:
    """What one run showed, in order."""

    events: tuple[Event, ...]

    @property
    def end(self) -> Event:
        """How it ended: returned, raised, stuck, or killed."""
        return next((e for e in self.events if e.source == "end"), Event("end", "killed"))


def trace(run: Run, urls: Iterable[str] = ()) -> Trace:
    """Read a run.

    Args:
        urls: of RabbitMQ, whose ports and passwords stand for themselves.
    """
    words = _words(run.place, urls)
    events = [_event(source, name, fields, words) for source, name, fields in run.events]
    if run.code >= 128 and all(e.source != "end" for e in events):
        events.append(Event("end", "killed", (("error", f"signal {run.code - 128}"),)))
    events += [Event("output", normal(line, words)) for line in _lines(run.output)]
    return Trace(tuple(events))


def _lines(output: str) -> list[str]:
    """Lines that were printed; of a traceback only the last, where code stands is no behaviour."""
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith(" ")]
    return [line for line in lines if not re.match(_OF_TRACEBACK, line)]


def _event(source: str, name: str, fields: Mapping[str, str], words: Mapping[str, str]) -> Event:
    if source == "end" and "where" in fields:
        fields = {**fields, "where": re.sub(r":\d+ ", " ", fields["where"])}
    return Event(
        source, normal(name, words), tuple((k, normal(v, words)) for k, v in fields.items())
    )


def normal(text: str, words: Mapping[str, str] | None = None) -> str:
    """Replace names, ids, addresses, times and versions by what they stand for."""
    for word, instead in (words or {}).items():
        text = text.replace(word, instead)
    for pattern, instead in _COMPILED:
        text = pattern.sub(instead, text)
    year = datetime.now(timezone.utc).year
    text = re.sub(_ISO.format(year), "<now>", text)
    return re.sub(rf"datetime\.datetime\({year}, [^()]*(\([^()]*\))?[^()]*\)", "<now>", text)


def _words(place: str, urls: Iterable[str]) -> dict[str, str]:
    words = {place: NAME}
    for url in urls:
        parts = urlsplit(url)
        for secret in {parts.password or "", unquote(parts.password or "")} - {"", "guest"}:
            words[secret] = "<password>"
        if parts.port and parts.port != 5672:
            words[str(parts.port)] = "<port>"
    return words
