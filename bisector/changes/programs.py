"""Writes a finding as a program that a person can read, run and paste.

By the convention of `git bisect run`: it ends with 0 on one side, with 1 on the other.  There are
several ways to put a question; which of them tells the sides apart is found by running them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bisector.changes.differences import Difference
from bisector.changes.findings import Finding

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
warnings.showwarning = lambda message, category, *_: seen.append(f"{category.__name__} {message}")"""
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
_MASK = re.compile(r"<\w+>|<\.\.\.>")
_BODY = {"body": ("ContentBody", "value")}
_OF_METHOD = ("exchange", "routing_key", "mandatory", "immediate", "ticket")


@dataclass(frozen=True)
class Check:
    """A way to ask: lines before the program, in `main` at its end, and after it."""

    after: str
    """An expression: true where the program passes."""
    before: str = ""
    last: str = ""
    alarm: bool = False


def candidates(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield programs that may tell the sides apart, the plainest first, and where they pass."""
    text = finding.situation.text
    for check, side in _checks(finding.difference):
        yield _written(text, check), side


def titled(finding: Finding, program: str, names: tuple[str, str]) -> str:
    """Put what it shows at a program's head."""
    said = finding.sentence.replace("\\", "\\\\").replace('"""', "'''")
    passes, fails = names if finding.passes == "before" else names[::-1]
    return f'"""{said}\n\nPasses (0) on {passes}, fails (1) on {fails}.\n"""\n{program}'


def _checks(d: Difference) -> Iterator[tuple[Check, str]]:
    if d.source == "end":
        yield from _of_end(d)
        return
    for expression, side, before, last in _expressions(d):
        yield Check(expression, before, last), side


def _of_end(d: Difference) -> Iterator[tuple[Check, str]]:
    good = "after" if d.before != "ends" and d.after == "ends" else "before"
    if d.before_lacks:
        good = "after"
    yield Check("", alarm=d.kind == "hangs"), good
    told = {"before": d.before or "", "after": d.after or ""}
    for side in (good, "before", "after"):
        for words in _parts(told[side].partition(": ")[2]) + [told[side].partition(":")[0]]:
            yield Check(f"{words!r} in error", before="", alarm=True), side


def _expressions(d: Difference) -> Iterator[tuple[str, str, str, str]]:
    """(expression, where it holds, lines before, lines at the end of main)."""
    tap, last = "", ""
    values = [("before", d.before), ("after", d.after)]
    if d.source in ("sent", "received"):
        yield from _of_frames(d)
        return
    if d.source == "order":
        first, second = d.before or "", d.after or ""
        words = [w.removeprefix("note ") for w in (first, second)]
        told = "[str(what) for what in seen]"
        place = "next(i for i, what in enumerate(seen) if {!r} in str(what))"
        expression = f"{place.format(words[0])} < {place.format(words[1])}"
        yield expression, "before", BOTH, ""
        yield f"{told} == {told}", "before", BOTH, ""
        return
    if d.source == "left":
        for side, value in values:
            if value is not None and value.isdigit():
                yield f'asyncio.run(left("{d.name}")) == {value}', side, LEFT, ""
        return
    if d.source == "output":
        for side, value in values:
            for words in _parts(value or ""):
                expression = f"output.seek(0) or {words!r} in output.read()"
                yield expression, side, OUTPUT, ""
        return
    if d.source == "log":
        tap = LOGS
    elif d.source == "warning":
        tap = WARNINGS
    elif d.source == "task":
        last = TASKS
        values = [(s, v if v is None else d.name) for s, v in values]
    for side, value in values:
        if value is None:
            continue
        value = re.sub(r" \([A-Z]\w+\(.*\)\)$", "", value) if d.source == "log" else value
        for words in _parts(value):
            yield f"any({words!r} in str(what) for what in seen)", side, tap, last
        if not _MASK.search(value):
            for count in (1, 2, 3):
                expression = f"[str(what) for what in seen].count({value!r}) == {count}"
                for either in ("before", "after"):
                    yield expression, either, tap, last


def _of_frames(d: Difference) -> Iterator[tuple[str, str, str, str]]:
    if d.source == "received":
        return
    if d.field:
        name, what = d.name, f"frame.{d.field}"
        if d.name == "Basic.Publish" and d.field not in _OF_METHOD:
            name, what = _BODY.get(d.field, ("ContentHeader", f"properties.{d.field}"))
            what = f"frame.{what}"
        for side, value in (("before", d.before), ("after", d.after)):
            told = "None" if value is None else value
            if not _MASK.search(told):
                expression = f"{told!r} in [repr({what}) for frame in frames if frame.name == {name!r}]"
                yield expression, side, FRAMES, ""
                continue
            for words in _parts(told):
                expression = f"any({words!r} in repr({what}) for frame in frames if frame.name == {name!r})"
                yield expression, side, FRAMES, ""
        return
    names = "[frame.name for frame in frames]"
    for count in range(5):
        for side in ("before", "after"):
            yield f"{names}.count({d.name!r}) == {count}", side, FRAMES, ""


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
    if check.after and "error" in check.after:
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
    extra = [
        f"import {name}" for name in ("aio_pika", "logging", "os", "pamqp.frame", "sys", "tempfile",
                                      "signal", "warnings")
        if re.search(rf"(?<![\w.]){re.escape(name)}\.", body) and f"import {name}\n" not in imports + "\n"
    ]  # fmt: skip
    first, *rest = imports.strip().split("\nfrom ", 1)
    modules = sorted([*first.splitlines(), *extra])
    return "\n".join([*modules, *(f"from {line}" for line in rest)]) + "\n\n" + body.strip() + "\n"
