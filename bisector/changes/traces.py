"""A trace: what one run of a situation showed, with what differs from run to run named instead."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote, urlsplit

NAME = "demo"
"""What the names of all queues and exchanges of a situation begin with."""
Told = list[Any]
"""`[source, name, fields]`, as benchmarks/situations/_observe.py explains; and `left`, of ours."""
SHORT = 5
"""Characters of what is no name, id or time."""
NEAR = 48
"""Hours from now within which a moment is not the same in every run."""
REACHED = "reached"
"""The source of the event that tells which functions were called: of no trace."""
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
    (r"(?i)( object)? at 0x[0-9a-f]+", ""),
    (r"(?i)(at)?0x[0-9a-f]{6,}", "<address>"),
    (r"\bat [0-9a-f]{12}\b", "at <address>"),  # the same in all forks of one runner
    (r"\b(id|task-|Task-|Thread-)=?\d+", r"\1<number>"),
    (r"\bid='\d+'", "id=<number>"),  # of a mock
    (r"(?<=[fF]ast[sS]tream[-/ ])v?\d+\.\d+\.\d+\w*", "<version>"),
    (r"(?<![^\s'\"(])[^\s'\"(]*/(site-packages|python3\.\d+)/", "<python>/"),
    (r"(?<=\.py)(:|\", line )\d+", r"\1<line>"),
    (r"\d+(\.\d+)?(?= ?(s|ms|seconds?)\b)", "<time>"),
    (r"'(version|platform|information)': '[^']*'", r"'\1': '<...>'"),
    (r"ports? [\d, ]+", "port <port>"),
)
_ID = re.compile(_RULES[0][0])
_MOMENT = re.compile(
    r"datetime\.datetime\((?P<args>\d{4}(, \d+){2,6})(?P<zone>, tzinfo=[^()]*(\([^()]*\))?)?\)"
    r"|(?P<iso>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)([.,]\d+)?(?P<offset>[+-]\d\d:?\d\d|Z)?"
)
"""A moment, as `repr` has it or as ISO 8601 has it."""
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
    reached: frozenset[int] | None = field(default=None, compare=False)
    """Numbers of the functions that were called; None: it was not seen."""

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
    shown = [event for event in run.events if event[0] != REACHED]
    events = [_event(source, name, fields, words) for source, name, fields in shown]
    if run.code >= 128 and all(e.source != "end" for e in events):
        events.append(Event("end", "killed", (("error", f"signal {run.code - 128}"),)))
    events += [Event("output", normal(line, words)) for line in _lines(run.output)]
    numbers = [fields["numbers"] for source, _, fields in run.events if source == REACHED]
    reached = frozenset(int(n) for n in numbers[0].split()) if numbers else None
    return Trace(tuple(events), reached)


def _lines(output: str) -> list[str]:
    """Lines that were printed; of a traceback only the last, where code stands is no behaviour."""
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith(" ")]
    return [line for line in lines if not re.match(_OF_TRACEBACK, line)]


def _event(source: str, name: str, fields: Mapping[str, str], words: Mapping[str, str]) -> Event:
    fields = _ids(fields)
    if source == "end" and "where" in fields:
        fields = {**fields, "where": re.sub(r":\d+ ", " ", fields["where"])}
    return Event(
        source, normal(name, words), tuple((k, normal(v, words)) for k, v in fields.items())
    )


def _ids(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Tell ids of one event apart by number: whether two are the same is no matter of luck."""
    found = list(dict.fromkeys(i for value in fields.values() for i in _ID.findall(value)))
    if len(found) < 2:
        return fields
    numbered = {one: f"<id {number}>" for number, one in enumerate(found[1:], 2)}
    return {k: _ID.sub(lambda m: numbered.get(m[0], m[0]), v) for k, v in fields.items()}


def normal(text: str, words: Mapping[str, str] | None = None) -> str:
    """Replace names, ids, addresses, times and versions by what they stand for."""
    for word, instead in (words or {}).items():
        text = text.replace(word, instead)
    return _normal(text) if len(text) > SHORT else text


@functools.lru_cache(maxsize=1 << 16)
def _normal(text: str) -> str:
    for pattern, instead in _COMPILED:
        text = pattern.sub(instead, text)
    return _MOMENT.sub(_moment, text)


def _moment(found: re.Match[str]) -> str:
    """Say how far from now a moment is, in half hours, if it is near; else leave it as it is.

    One without a time zone is read as UTC: so a clock that forgets its zone is seen.
    """
    try:
        if found["args"]:
            moment = datetime(*map(int, found["args"].split(", ")), tzinfo=timezone.utc)  # type: ignore[misc, arg-type]
        else:
            offset = (found["offset"] or "Z").replace("Z", "+00:00")
            moment = datetime.fromisoformat(found["iso"] + offset[:3] + ":" + offset[-2:])
    except ValueError:
        return found[0]
    hours = round((moment - datetime.now(timezone.utc)) / timedelta(minutes=30)) / 2
    if abs(hours) > NEAR:
        return found[0]
    return f"<now {hours:+g} h>" if hours else "<now>"


def _words(place: str, urls: Iterable[str]) -> dict[str, str]:
    words = {place: NAME}
    for url in urls:
        parts = urlsplit(url)
        for secret in {parts.password or "", unquote(parts.password or "")} - {"", "guest"}:
            words[secret] = "<password>"
        if parts.port and parts.port != 5672:
            words[str(parts.port)] = "<port>"
    return words
