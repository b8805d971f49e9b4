"""What differs between two traces, thing by thing, and of what kind that is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from bisector.changes.traces import Event, Trace

GRAVE = ("lost", "hangs", "raises", "gone")
"""Kinds that fail a check."""
KINDS = (*GRAVE, "order", "logs", "wire", "text")
"""Of differences, most telling first; *order* is when user code is called, and with what."""
SETTLED = ("Basic.Ack", "Basic.Nack", "Basic.Reject")
CAUGHT = ("refused", "cannot start")
"""What a program's notes begin with where it caught an exception."""
NEW = "new: "
"""Begins the detail of what only the new side offers; then comes how the old one refuses it."""
_OFFER = re.compile(r"\('(?:offers|takes)', '([^']*)'(?:, (.*))?\)", re.DOTALL)
"""What a program notes of a name that there is, or of a parameter and its default."""
_NOT_OFFERED = ("ImportError", "ModuleNotFoundError", "AttributeError", "NameError")


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same; `before` or `after` is None where it is not there at all."""

    kind: str
    source: str
    name: str
    field: str
    before: str | None
    after: str | None
    detail: str = ""
    """What else belongs to its identity: an exception's type, a log record's text."""

    @property
    def signature(self) -> tuple[str, ...]:
        """What it has in common with the differences that have the same cause."""
        there = f"{self.before is not None}{self.after is not None}"
        return (self.kind, self.source, self.name, self.field, self.detail, there)

    @property
    def worse(self) -> bool:
        """Whether it is of a grave kind, and only the new side has it."""
        if self.kind == "gone":
            return not self.before_lacks
        if self.kind == "hangs":
            return self.after == "hangs"
        if self.source == "seen" and self.kind == "raises":
            return self.before is None
        if self.source == "end":
            return self.kind in GRAVE and self.before == "ends"
        return self.kind in GRAVE

    @property
    def before_lacks(self) -> bool:
        """Whether it is the old side that does not offer something."""
        return self.kind == "gone" and self.detail.startswith(NEW)

    @property
    def place(self) -> tuple[str, str, str]:
        """What is masked where it is not the same in two runs of one release."""
        return (self.source, self.name, self.field)


def differences(before: Trace, after: Trace) -> list[Difference]:
    """Compare; what follows from another difference is left out.

    Whoever ends otherwise does less or more of everything after that: then this is all.
    """
    if ended := _end(before.end, after.end):
        return [ended]
    found: list[Difference] = []
    for (source, _), (old, new) in _groups(before.events, after.events).items():
        found += _sequence(source, old, new)
    if any(d.source == "log" for d in found):  # what is printed follows
        found = [d for d in found if d.source != "output"]
    if any(d.source == "seen" and d.before is None for d in found):  # handled, and not lost
        found = [replace(d, kind="wire") if d.source == "left" else d for d in found]
    return found or _order(before, after)


def not_offered(end: Event) -> str | None:
    """What a release lacks for a situation, in its own words; None: it has all."""
    if end.name != "raised":
        return None
    error, text = end.get("error"), end.get("text")
    own = end.get("raised in") == "__main__"
    if error in _NOT_OFFERED and own:
        return text
    if error == "TypeError" and "unexpected keyword argument" in text:
        return text
    if error == "TypeError" and own and re.search(r"positional argument|not a callable", text):
        return text
    return None


def _end(old: Event, new: Event) -> Difference | None:
    if old == new or (old.name == new.name == "stuck"):
        return None
    before, after = _told(old), _told(new)
    lacks = [not_offered(end) for end in (old, new)]
    if lacks[0] and lacks[1]:
        return None
    if lacks[0]:
        return Difference("gone", "end", "", "", before, after, NEW + lacks[0])
    if lacks[1]:
        return Difference("gone", "end", "", "", before, after, lacks[1])
    kind = "raises"
    if "stuck" in (old.name, new.name):
        kind = "hangs"
    elif old.name == new.name == "raised" and old.get("error") == new.get("error"):
        if _shape(old.get("text")) == _shape(new.get("text")):
            return None  # raised further in or out
        kind = "text"
    detail = f"{old.name} {old.get('error')} -> {new.name} {new.get('error')}"
    return Difference(kind, "end", "", "", before, after, detail)


def _told(end: Event) -> str:
    if end.name == "raised":
        return f"{end.get('error')}: {end.get('text')}".rstrip(": ")
    return {"returned": "ends", "stuck": "hangs", "killed": end.get("error")}[end.name]


def _groups(
    old: Iterable[Event], new: Iterable[Event]
) -> dict[tuple[str, str], tuple[list[Event], list[Event]]]:
    found: dict[tuple[str, str], tuple[list[Event], list[Event]]] = defaultdict(lambda: ([], []))
    for place, events in enumerate((old, new)):
        for event in events:
            if event.source == "end":
                continue
            one = event.source in ("seen", "output", "log")
            found[event.source, "" if one else event.name][place].append(event)
    return found


def _sequence(source: str, old: list[Event], new: list[Event]) -> list[Difference]:
    """Align two sequences of events of one name."""
    if source == "output":  # logs of several tasks, as they come
        old, new = (sorted(set(events), key=str) for events in (old, new))
    if source == "seen":
        surfaces = [[e for e in events if _OFFER.fullmatch(e.name)] for events in (old, new)]
        if any(surfaces):
            return _surface(*surfaces)
    found: list[Difference] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            continue
        gone, more = old[a:b], new[c:d]
        both = min(len(gone), len(more)) if source != "seen" or _alike(gone, more) else 0
        for first, second in zip(gone[:both], more[:both], strict=True):
            found += _fields(first, second)
        found += [_presence(event, before=True) for event in gone[both:]]
        found += [_presence(event, before=False) for event in more[both:]]
    found = _without_moved(found)
    return _otherwise(found) if source == "seen" else found


def _surface(old: Iterable[Event], new: Iterable[Event]) -> list[Difference]:
    """What is offered, name by name, and what it takes by default."""
    before, after = ({_offered(e.name): e.name for e in events} for events in (old, new))
    found = []
    for name in {**before, **after}:
        was, is_ = before.get(name), after.get(name)
        if was != is_:
            kind = "gone" if is_ is None else "text"
            found.append(Difference(kind, "seen", "offers", "", was, is_, name))
    return found


def _offered(note: str) -> str:
    found = _OFFER.fullmatch(note)
    return found[1] if found else note


def _alike(old: Sequence[Event], new: Sequence[Event]) -> bool:
    """Whether a program's own notes are about the same things: `('handle', 1)`, `('handle', 2)`."""
    return [_label(e.name) for e in old] == [_label(e.name) for e in new]


def _label(text: str) -> str:
    """What a note of a program's begins with; a value has no label."""
    found = re.match(r"\('([\w -]+)'|([A-Za-z][\w -]*)$", text)
    label = (found[1] or found[2]) if found else ""
    return "" if label in ("True", "False", "None") else label


def _without_moved(found: list[Difference]) -> list[Difference]:
    """What is gone in one place and there in another has only moved."""
    gone = [(d.name, d.before) for d in found if d.after is None]
    more = [(d.name, d.after) for d in found if d.before is None]
    moved = set(gone) & set(more)
    return [
        d for d in found
        if not ((d.after is None and (d.name, d.before) in moved)
                or (d.before is None and (d.name, d.after) in moved))
    ]  # fmt: skip


def _otherwise(found: list[Difference]) -> list[Difference]:
    """What is noted once more and once less is noted otherwise: nothing is lost."""
    rest, news = [], [d for d in found if d.before is None]
    for difference in found:
        if difference.after is None:
            other = next((d for d in news if d.name == difference.name), None)
            if other is not None:
                news.remove(other)
                rest.append(_noted(difference.name, difference.before, other.after))
                continue
        if difference.before is not None:
            rest.append(difference)
    return rest + news


def _noted(label: str, old: str | None, new: str | None) -> Difference:
    # A document is a text; all else says with what user code is called.
    kind = "text" if not label and (old or "").startswith(("{", "<")) else "order"
    return Difference(kind, "seen", label, "", old, new)


def _fields(old: Event, new: Event) -> list[Difference]:
    if old.source == "seen":
        return [_noted(_label(old.name), old.name, new.name)]
    if old.source == "output":
        return [Difference("text", "output", "", "", old.name, new.name)]
    if old.source == "log":
        if old.get("level") == new.get("level") and _shape(old.get("text")) != _shape(
            new.get("text")
        ):
            detail = f"{_shape(old.get('text'))} -> {_shape(new.get('text'))}"
            return [Difference("text", "log", old.name, "text", _line(old), _line(new), detail)]
        detail = " -> ".join(f"{e.get('level')} {_first(e.get('text'))}" for e in (old, new))
        return [Difference("logs", "log", "", "", _line(old), _line(new), detail)]
    before, after = dict(old.fields), dict(new.fields)
    kind = "text" if old.source == "warning" else "wire"
    if old.source == "left" and int(before["messages"]) > int(after["messages"]):
        kind = "lost"
    return [
        Difference(kind, old.source, old.name, field, before.get(field), after.get(field))
        for field in {**before, **after}
        if before.get(field) != after.get(field)
    ]


def _presence(event: Event, *, before: bool) -> Difference:
    """An event that is only on one side."""
    kind, name, detail, text = "wire", event.name, "", " ".join(v for _, v in event.fields)
    if event.source == "seen":
        # A word says that user code was called; what is noted with a value was handled.
        step = re.fullmatch(r"[A-Za-z][\w -]*", event.name) is not None
        kind, name, text = (
            ("lost" if before and not step else "order"),
            _label(event.name),
            event.name,
        )
        if name in CAUGHT:
            kind = "raises"
    elif event.source == "log":
        kind, name, text, detail = "logs", "", _line(event), _shape(_line(event))
    elif event.source == "output":
        kind, name, text = "text", "", event.name
    elif event.source in ("warning", "task"):
        kind, detail = "logs", _shape(text)
    elif event.source == "sent" and event.name == "Basic.Publish" and before:
        kind = "lost"
    old, new = (text, None) if before else (None, text)
    return Difference(kind, event.source, name, "", old, new, detail)


def _line(event: Event) -> str:
    error = event.get("error")
    return f"{event.get('level')} {event.get('text')}" + (f" ({error})" if error != "None" else "")


def _first(text: str) -> str:
    """An exception's name, or else what a text is like."""
    found = re.match(r"[\w.]+(Error|Exception|Message)\b", text)
    return found[0] if found else _shape(text)


def _shape(text: str) -> str:
    """A text without what it is about: quoted words, numbers."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\d+", "_", text)[:160]


def _order(before: Trace, after: Trace) -> list[Difference]:
    """The same things, in another order: on the wire, in user code, or of the one and the other."""
    for steps in (_frames, _notes, _settled):
        old, new = steps(before), steps(after)
        if old != new and sorted(old) == sorted(new):
            at = next(i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b)
            detail = f"{old[at]}, {new[at]}"
            return [Difference("order", "order", "", "", old[at], new[at], detail)]
    return []


def _frames(told: Trace) -> list[str]:
    return [e.name for e in told.events if e.source == "sent"]


def _notes(told: Trace) -> list[str]:
    # When a publish is confirmed, and when its message arrives, is RabbitMQ's to say.
    notes = [e.name for e in told.events if e.source == "seen"]
    return [note for note in notes if _label(note) != "published"]


def _settled(told: Trace) -> list[str]:
    """Messages settled, and what handlers noted meanwhile."""
    return [
        e.name if e.source == "sent" else f"note {_label(e.name)}"
        for e in told.events
        if e.name in SETTLED or (e.source == "seen" and _label(e.name) != "published")
    ]
