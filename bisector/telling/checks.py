"""A check in words: for a terminal, for a page (Markdown), for CI (JUnit)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import timezone
from xml.etree import ElementTree

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bisector.check.acceptance import WHATEVER
from bisector.check.result import (
    UNKNOWN,
    Acceptance,
    Behaviour,
    Change,
    Check,
    Judged,
    Judgement,
    Side,
    Speed,
    percent,
)
from bisector.environments.recipes import Difference
from bisector.environments.releases import PACKAGE
from bisector.telling import check_situations
from bisector.telling.answers import SHOWN, evidence_lines
from bisector.telling.strip import STYLES as VERDICT_STYLES

STYLES = {Judgement.NO_WORSE: "green", Judgement.WORSE: "red", Judgement.CANNOT_TELL: "yellow"}
ACCEPTED, ACCEPTED_STYLE = "worse, accepted", "yellow"
FAILURES = {"hang": "{} hangs", "error": "{} fails"}
"""How a sentence puts an outcome; all others are put as they are."""
UNITS: Mapping[str, Sequence[tuple[float, str]]] = {
    "s": ((1, "s"), (1e-3, "ms"), (1e-6, "µs")),
    "B": ((2**20, "MiB"), (2**10, "KiB"), (1, "B")),
}
"""By the unit of a `Speed`: those that people read, the largest first."""
ROW = ("benchmark", "baseline", "candidate", "change", "between", "answer", "can see", "rounds")
BEHAVIOUR_ROW = ("scenario", "baseline", "candidate", "answer", "what happened")
MEANING = (
    '"Change" is that of the candidate against the baseline, each as a multiple of plain aio-pika'
    ' beside it where there is one; more is worse.  It lies "between" what it is at least, with the'
    ' certainty that "worse" needs, and at most, with the confidence that "no worse" needs.  "Can'
    ' see" is the smallest change that would be called worse at the spread found, in 95 % of runs.'
)
_MARKS = re.compile(r"[\\`*~\[<|&]|(?<![^\W_])_|_(?![^\W_])")
"""What Markdown reads as more than text; an underscore only at the edge of a word."""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


def answer(check: Check) -> str:
    """Say in a sentence what is worse, or in how much nothing is, and what cannot be told.

    It calls nothing safe: only what was looked at is known.
    """
    candidate, baseline = _label(check.candidate), _label(check.baseline)
    regressions = check.regressions()
    accepted = [f for f in check.judged if f.judgement is Judgement.WORSE and f not in regressions]
    parts = [f"{_worse(check, found)}, which is accepted" for found in accepted]
    if regressions:
        parts = [*(_worse(check, found) for found in regressions), *parts]
        parts[0] = f"{candidate} regressed against {baseline}: {parts[0]}"
    else:
        looked = [
            _no_worse(check.behaviours, "scenario"),
            check_situations.part(check.situations),
            _no_worse(check.speeds, "benchmark"),
        ]
        parts.insert(0, f"{candidate} is no worse than {baseline} in {_and(looked)}")
        if not check.speeds:
            parts.append("speed was not measured")
    open_ = [f.name for f in check.judged if f.judgement is Judgement.CANNOT_TELL]
    if open_:
        parts.append(f"cannot tell about {len(open_)}: {', '.join(open_)}")
    return f"{'; '.join(parts)}."


def show(check: Check, console: Console) -> None:
    """Print it for a person, the answer last."""

    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, markup=False, soft_wrap=True)

    say(f"\n{_title(check)}", "bold")
    table = _table(BEHAVIOUR_ROW)
    for found in check.behaviours:
        sides = (f"[{VERDICT_STYLES[seen.verdict]}]{escape(seen.outcome)}[/]"
                 for seen in (found.baseline, found.candidate))  # fmt: skip
        table.add_row(found.scenario, *sides, _coloured(check, found), escape(found.reason))
    console.print(table)
    for lines in _evidence(check):
        say("\n".join(lines) + "\n")
    if check.situations:
        _show_situations(check, console)
    if check.speeds:
        table = _table(ROW, right=("baseline", "candidate", "change", "can see", "rounds"))
        for speed in check.speeds:
            name, *cells, _, smallest, rounds = _cells(check, speed)
            table.add_row(escape(name), *cells, _coloured(check, speed), smallest, rounds)
        console.print(table)
        for line in _reasons(check):
            say(line)
        say(MEANING, "dim")
    if changed := _differences(check):
        table = _table(("dependency", "baseline", "candidate"))
        for row in changed:
            table.add_row(*(escape(cell or "not there") for cell in row))
        console.print(table)
    for acceptance, matters in check.accepted:
        say(_acceptance(acceptance, matters), "" if matters else "yellow")
    for sentence in check.gives_up:
        say(sentence, "yellow")
    say(f"\n{_circumstances(check)}", "dim")
    say(answer(check), f"bold {'green' if check.passed else 'red'}")


def _show_situations(check: Check, console: Console) -> None:
    found = check.situations
    assert found
    if found.judged:
        table = _table(check_situations.ROW)
        for change in found.judged:
            name, kind, _, sentence = map(escape, check_situations.row(check, change))
            table.add_row(name, kind, _coloured(check, change), sentence)
        console.print(table)
    for line in check_situations.others(found):
        console.print(line, markup=False, soft_wrap=True)
    told = check_situations.circumstances(found)
    console.print(told, style="dim", markup=False, soft_wrap=True)


def to_markdown(check: Check) -> str:
    """Return it for an issue, or the summary page of a CI job: it stands by itself."""
    lines = [f"## {_title(check)}", "", f"**{_plain(answer(check))}**", ""]
    lines += _rows(BEHAVIOUR_ROW, [
        [f.scenario, f.baseline.outcome, f.candidate.outcome, _judgement(check, f), f.reason]
        for f in check.behaviours
    ])  # fmt: skip
    for first, *rest in _evidence(check):
        lines += [_plain(first), ""]
        lines += ["```text", *rest, "```", ""] if rest else []
    if check.situations:
        lines += _of_situations(check)
    if check.speeds:
        lines += _rows(ROW, [_cells(check, speed) for speed in check.speeds])
        lines += [f"- {_plain(line)}" for line in _reasons(check)]
        lines += ["", MEANING, ""]
    if changed := _differences(check):
        cells = [[cell or "not there" for cell in row] for row in changed]
        lines += _rows(("dependency", "baseline", "candidate"), cells)
    lines += [f"- {_plain(_acceptance(*row))}" for row in check.accepted]
    lines += [f"- {sentence}" for sentence in check.gives_up]
    lines += ["", f"{_plain(_circumstances(check))}."]
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _of_situations(check: Check) -> list[str]:
    found = check.situations
    assert found
    lines = []
    if found.judged:
        rows = [check_situations.row(check, change) for change in found.judged]
        lines += _rows(check_situations.ROW, rows)
    for change in found.judged:
        if change.program:
            lines += [f"{_plain(change.id)} passes on {_plain(_label(check.baseline))} only:", ""]
            lines += ["```python", *change.program.rstrip().splitlines(), "```", ""]
    others = check_situations.others(found)
    lines += [*map(_plain, others[:1]), "", *(f"- {_plain(line)}" for line in others[1:])]
    return [*lines, "", _plain(check_situations.circumstances(found)), ""]


def to_junit(check: Check) -> str:
    """Return it as JUnit XML: suites for behaviour, generated situations and speed, of test cases.

    The time of a scenario's case is that of the candidate's probe.  Benchmarks are measured
    together, round by round: none has a time of its own, theirs is 0.
    """
    root = ElementTree.Element("testsuites", name=_xml(_title(check)))
    changes = check.situations.judged if check.situations else []
    suites: dict[str, Sequence[Judged]] = {
        "behaviour": check.behaviours, "situations": changes, "speed": check.speeds
    }  # fmt: skip
    for suite, found in suites.items():
        element = ElementTree.SubElement(root, "testsuite", name=suite)
        element.set(
            "timestamp", check.started.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        )
        _count(element, [_case(element, suite, check, one) for one in found])
    _count(root, list(root.iter("testcase")))
    root.set("time", f"{check.seconds:.3f}")
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _case(
    suite: ElementTree.Element, classname: str, check: Check, found: Judged
) -> ElementTree.Element:
    seconds = found.candidate.seconds if isinstance(found, Behaviour) else 0.0
    case = ElementTree.SubElement(
        suite, "testcase", name=_xml(found.name), classname=classname, time=f"{seconds:.3f}"
    )
    if isinstance(found, Behaviour):
        told = "\n".join([_question(found), *_seen(check, found)])
    elif isinstance(found, Change):
        told = f"{found.sentence}\n{found.reason}\n\n{found.program}"
    else:
        told = f"{_figures(check, found)}\n{found.reason}"
    if found.judgement is Judgement.CANNOT_TELL:
        ElementTree.SubElement(case, "skipped", message=_xml(f"cannot tell: {found.reason}"))
    elif found.judgement is Judgement.WORSE and not check.accepts(found):
        failure = ElementTree.SubElement(
            case, "failure", message=_xml(_worse(check, found)), type=Judgement.WORSE.value
        )
        failure.text = _xml(told)
    elif found.judgement is Judgement.WORSE:
        names = {found.name, *(found.alike if isinstance(found, Change) else ())}
        rows = [_acceptance(*row) for row in check.accepted if row[0].what in names]
        ElementTree.SubElement(case, "system-out").text = _xml("\n".join([*rows, told]))
    elif isinstance(found, Speed):
        ElementTree.SubElement(case, "system-out").text = _xml(told)
    return case


def _count(element: ElementTree.Element, cases: Sequence[ElementTree.Element]) -> None:
    """Set the attributes that sum up the cases inside."""
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    element.set("errors", "0")  # what could not be measured is no report, but exit code 3
    element.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    element.set("time", f"{sum(float(case.get('time', 0)) for case in cases):.3f}")


def _no_worse(found: Sequence[Behaviour | Speed], kind: str) -> str:
    """Say of how many that is the answer; of none where none was looked at."""
    good = sum(f.judgement is Judgement.NO_WORSE for f in found)
    if not found:
        return ""
    part = f"{good} of {len(found)}" if good < len(found) else f"{good}"
    return f"{part} {kind}{'s' * (len(found) != 1)}"


def _and(parts: Sequence[str]) -> str:
    *most, last = [*filter(None, parts)] or ["nothing"]
    return f"{', '.join(most)} and {last}" if most else last


def _worse(check: Check, found: Judged) -> str:
    """Say what is worse, and by how much."""
    if isinstance(found, Change):
        return check_situations.worse(found)
    if isinstance(found, Behaviour):
        outcome = found.candidate.outcome
        return FAILURES.get(outcome, f"{{}}: {outcome}").format(found.scenario)
    if not 0 < found.low <= found.high < math.inf:  # no figure is what is worse
        return f"{found.benchmark}: {found.reason}"
    text = f"{found.benchmark} {percent(found.change)} ({_between(found, '')})"
    allowed = [a.percent for a, _ in check.accepted if a.what == found.benchmark]
    if allowed and not check.accepts(found):
        text += f", more than the {allowed[-1]:g} % accepted"
    return text


def _judgement(check: Check, found: Judged) -> str:
    return ACCEPTED if check.accepts(found) else found.judgement.value


def _coloured(check: Check, found: Judged) -> str:
    style = ACCEPTED_STYLE if check.accepts(found) else STYLES[found.judgement]
    return f"[{style}]{_judgement(check, found)}[/]"


def _question(found: Behaviour) -> str:
    report = f" ({found.report})" if found.report else ""
    return f"{found.scenario}{report}, expected: {found.expected}"


def _seen(check: Check, found: Behaviour) -> list[str]:
    return evidence_lines(_label(check.candidate), found.reason, found.candidate.evidence)


def _evidence(check: Check) -> list[list[str]]:
    """What is known of each behaviour that is worse, in lines."""
    return [
        [_question(found), *_seen(check, found)]
        for found in check.behaviours
        if found.judgement is Judgement.WORSE
    ]


def _reasons(check: Check) -> list[str]:
    """Say why of each benchmark that is not simply no worse."""
    return [
        f"{speed.benchmark}: {_judgement(check, speed)}, {speed.reason}"
        for speed in check.speeds
        if speed.judgement is not Judgement.NO_WORSE
    ]


def _cells(check: Check, speed: Speed) -> list[str]:
    return [
        speed.benchmark, *_values(speed), percent(speed.change), _between(speed),
        _judgement(check, speed), percent(speed.smallest), str(speed.rounds),
    ]  # fmt: skip


def _figures(check: Check, speed: Speed) -> str:
    return "; ".join(f"{n}: {c}" for n, c in zip(ROW, _cells(check, speed), strict=True))


def _values(speed: Speed) -> tuple[str, str]:
    """Both values in the unit that suits the baseline's."""
    units = UNITS[speed.unit]
    factor, unit = next((u for u in units if speed.baseline >= u[0]), units[-1])
    old, new = (
        f"{_digits(value / factor)} {unit}" if math.isfinite(value) else UNKNOWN
        for value in (speed.baseline, speed.candidate)
    )
    return old, new


def _digits(value: float) -> str:
    """Three significant digits, without an exponent."""
    before = math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.{max(0, 2 - before)}f}"


def _between(speed: Speed, sign: str = "+") -> str:
    if not math.isfinite(speed.high - speed.low):
        return UNKNOWN
    return f"{100 * speed.low:{sign}.1f} to {100 * speed.high:{sign}.1f} %"


def _differences(check: Check) -> list[Difference]:
    """Without the package itself, which the title names."""
    return [difference for difference in check.differences if difference[0] != PACKAGE]


def _acceptance(acceptance: Acceptance, matters: bool) -> str:
    size = "" if acceptance.percent == WHATEVER else f" up to {acceptance.percent:g} %"
    text = f"Accepted ({acceptance.source}): {acceptance.what}{size}: {acceptance.reason}"
    return text if matters else f"{text}. It is not worse any more: take this out."


def _label(side: Side) -> str:
    """As the user named it, with the version where the name does not tell."""
    return side.name if side.version in side.name else f"{side.name} ({side.version})"


def _title(check: Check) -> str:
    return f"{PACKAGE} {_label(check.candidate)} against {_label(check.baseline)}"


def _circumstances(check: Check) -> str:
    """Name what the figures depend on."""
    dependencies = check.candidate.dependencies
    shown = [f"{name} {dependencies[name]}" for name in SHOWN if name in dependencies]
    where = f"RabbitMQ {check.rabbitmq} ({check.rabbitmq_source})"
    void = f" ({check.void_rounds} more were void: RabbitMQ did not answer)"
    rounds = [f"{check.rounds} rounds{void if check.void_rounds else ''}"] if check.speeds else []
    when = f"{check.started.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC in {check.seconds:.1f} s"
    return ", ".join([where, f"Python {check.candidate.python}", *shown, *rounds, when])


def _table(columns: Sequence[str], right: Sequence[str] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for name in columns:
        table.add_column(name, overflow="fold", justify="right" if name in right else "left")
    return table


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table in GitHub's Markdown, with an empty line after it."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(map(_plain, row)) + " |" for row in rows]
    return [*lines, ""]


def _plain(text: str) -> str:
    """Write text so that Markdown shows it as it is, on one line."""
    return _MARKS.sub(r"\\\g<0>", " ".join(text.split()))


def _xml(text: str) -> str:
    """Replace what no XML may hold, as the escapes of a coloured line."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
