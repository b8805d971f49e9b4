"""Writes a finding as a program that a person can read, run and paste.

By the convention of `git bisect run`: it ends with 0 on one side, with 1 on the other.  There are
several ways to put a question; which of them tells the sides apart is found by running them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from bisector.changes.differences import Difference
from bisector.changes.findings import BEFORE, Finding, unlike

SECONDS = 6
"""After which a program that hangs fails, by itself."""
FRAMES = """\
frames, marshal = [], pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: frames.append(frame) or marshal(frame, channel)"""
BOTH = """\
marshal = pamqp.frame.marshal
pamqp.frame.marshal = lambda frame, channel: seen.append(frame.name) or marshal(frame, channel)"""
LOGS = """\
logging.Logger.handle = lambda self, record: seen.append(
    f"{record.levelname} {record.getMessage()}")"""
WARNINGS = """\
warnings.simplefilter("always")
warnings.showwarning = lambda message, *_: seen.append(message)"""
OUTPUT = """\
output = tempfile.TemporaryFile("w+")
os.dup2(output.fileno(), 1), os.dup2(output.fileno(), 2)"""
LEFT = """\
async def left(queue):
    async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
        channel = await connection.channel()
        found = await channel.declare_queue(queue, passive=True)
        return found.declaration_result.message_count"""
TASKS = """\
    seen.extend(task.get_coro().__qualname__ for task in asyncio.all_tasks())"""
ALARM = f"""\
signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
signal.alarm({SECONDS})  # to hang is to fail"""
_MASK = re.compile(r"<\w+(?: \d+)?>|<\.\.\.>")
_MODULES = (
    "aio_pika", "logging", "os", "pamqp.frame", "signal", "sys", "tempfile", "warnings",
)  # fmt: skip
_BODY = {"body": ("ContentBody", "value")}
_OF_METHOD = ("exchange", "routing_key", "mandatory", "immediate", "ticket")


@dataclass(frozen=True)
class Check:
    """A way to ask: lines before the program, in `main` at its end, and after it."""

    after: str
    """An expression: true where the program passes; none where to end is to pass."""
    before: str = ""
    last: str = ""
    alarm: bool = False
    """Whether it may hang."""
    catch: bool = False
    """Whether what it raises is asked about, as the text `error`."""


def candidates(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield programs that may tell the sides apart, the plainest first, and where they pass."""
    text = finding.situation.text
    for check, side in _checks(finding.difference):
        yield _written(text, check), side


def titled(finding: Finding, names: tuple[str, str], mark: str) -> str:
    """Return its program with what it shows at the head.

    Args:
        names: of the two sides.
        mark: a line that tells where it comes from.
    """
    said = "\n".join(textwrap.wrap(f"{finding.kind}: {finding.sentence}", 96))
    said = said.replace("\\", "\\\\").replace('"""', "'''")
    passes, fails = names if finding.passes == "before" else names[::-1]
    head = f'"""{said}\n\nPasses (0) on {passes}, fails (1) on {fails}.  {mark}\n"""\n\n'
    return head + finding.program


def _checks(d: Difference) -> Iterator[tuple[Check, str]]:
    """Yield ways to ask about a difference, and the side on which each holds."""
    if d.source == "end":
        yield from _of_end(d)
    elif d.source == "sent":
        yield from _of_frames(d)
    elif d.source == "order":
        steps = [(text or "").removeprefix("note ") for text in (d.before, d.after)]
        places = [f"next(i for i, x in enumerate(seen) if {w!r} in str(x))" for w in steps]
        yield Check(" < ".join(places), BOTH), "before"
    elif d.source == "left":
        for side, value in _values(d):
            yield Check(f'asyncio.run(left("{d.name}")) == {value}', LEFT), side
    elif d.source == "output":
        for side, value in _values(d):
            for words in _parts(value):
                yield Check(f"output.seek(0) or {words!r} in output.read()", OUTPUT), side
    else:
        yield from _of_notes(d)


def _values(d: Difference) -> list[tuple[str, str]]:
    sides = (("before", d.before), ("after", d.after))
    return [(side, value) for side, value in sides if value is not None]


def _of_end(d: Difference) -> Iterator[tuple[Check, str]]:
    good = "before" if d.before == "ends" or d.after != "ends" else "after"
    if d.kind == "gone":
        good = "after" if d.before_lacks else "before"
    yield Check("", alarm=d.kind == "hangs"), good
    told = {"before": d.before or "", "after": d.after or ""}
    for side in (good, *told):
        error, _, text = told[side].partition(": ")
        for words in (*_parts(text), error):
            yield Check(f"{words!r} in error", alarm=True, catch=True), side


def _of_notes(d: Difference) -> Iterator[tuple[Check, str]]:
    """Of what the program notes by itself, or can be made to note."""
    tap = {"log": LOGS, "warning": WARNINGS}.get(d.source, "")
    last = TASKS if d.source == "task" else ""
    for side, text in zip(("before", "after"), unlike(d.before, d.after), strict=True):
        words = (text or "").removeprefix("...")[: BEFORE + 40]
        if text and text.startswith("...") and not _MASK.search(words):
            yield Check(f"any({words!r} in str(x) for x in seen)", tap, last), side
    for side, value in _values(d):
        text = d.name if d.source == "task" else value
        if d.source == "log":
            text = re.sub(r" \([A-Z]\w+\(.*\)\)$", "", text)
        for words in _parts(text):
            yield Check(f"any({words!r} in str(x) for x in seen)", tap, last), side
        if not _MASK.search(text):
            for count in (1, 2, 3):
                times = f"[str(x) for x in seen].count({text!r}) == {count}"
                for either in ("before", "after"):
                    yield Check(times, tap, last), either


def _of_frames(d: Difference) -> Iterator[tuple[Check, str]]:
    if not d.field:
        for count in range(5):
            times = f"[frame.name for frame in frames].count({d.name!r}) == {count}"
            for side in ("before", "after"):
                yield Check(times, FRAMES), side
        return
    name, what = d.name, f"frame.{d.field}"
    if d.name == "Basic.Publish" and d.field not in _OF_METHOD:
        name, what = _BODY.get(d.field, ("ContentHeader", f"properties.{d.field}"))
        what = f"frame.{what}"
    told = f"[repr({what}) for frame in frames if frame.name == {name!r}]"
    for side, value in (("before", d.before), ("after", d.after)):
        text = "None" if value is None else value
        yield Check(f"{text!r} in {told}", FRAMES), side
        for words in _parts(text) if _MASK.search(text) else ():
            yield Check(f"any({words!r} in text for text in {told})", FRAMES), side


def _parts(text: str) -> list[str]:
    """Stretches of a text without what differs from run to run: all of it, or the longest two."""
    parts = sorted((p for p in _MASK.split(text) if len(p) > 3), key=len, reverse=True)
    return [part if len(part) <= 120 else part[:120] for part in parts[:2]]


def _written(text: str, check: Check) -> str:
    imports, _, program = text.partition("\nseen = []")
    program = f"seen = []{program}"
    end = "asyncio.run(main())"
    head, _, tail = program.rpartition(end)
    lines = [program.rstrip()]
    if check.catch:
        lines = [
            head.rstrip(), "", "", "try:", f"    {end}", '    error = ""',
            "except BaseException as raised:",
            '    error = f"{type(raised).__name__}: {raised}"',
            f"sys.exit(0 if {check.after} else 1)",
        ]  # fmt: skip
    elif check.after:
        last = [check.last] if check.last else []
        lines = [
            head.rstrip(), *last, "", "", end, f"sys.exit(0 if {check.after} else 1)",
        ]  # fmt: skip
    body = "\n".join(lines) + tail
    if check.before:
        body = body.replace("seen = []\n", f"seen = []\n{check.before}\n", 1)
    if check.alarm:
        body = body.replace("seen = []\n", f"seen = []\n{ALARM}\n", 1)
    used = [name for name in _MODULES if re.search(rf"(?<![\w.]){re.escape(name)}\.", body)]
    extra = [line for name in used if (line := f"import {name}") not in imports.splitlines()]
    plain, *rest = imports.strip().split("\nfrom ", 1)
    modules = sorted([*plain.splitlines(), *extra])
    return "\n".join([*modules, *(f"from {line}" for line in rest)]) + "\n\n" + body.strip() + "\n"
