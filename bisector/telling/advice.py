"""What about my release, in words: for a terminal, for an issue or page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bisector import command_line
from bisector.bisection.advice import (
    HELPS,
    IMPORTS,
    MEANING,
    NO_HELP,
    NOT_NEEDED,
    NOT_TRIED,
    WORSE,
    Advice,
    Fault,
    Going,
    Looked,
)
from bisector.environments.recipes import TODAY
from bisector.environments.releases import PACKAGE
from bisector.questions.behaviour import Observation
from bisector.search.exact import Verdict
from bisector.telling.strip import STYLES

ANSWERS = {HELPS: "green", NO_HELP: "yellow", WORSE: "red", NOT_TRIED: "dim", NOT_NEEDED: "dim"}
NOTHING = "nothing"


def sentences(advice: Advice) -> list[str]:
    """Say the answer about the hang of siblings: a sentence for each kind."""
    if advice.hang.bad is None:
        does_not = advice.hang.day.verdict is Verdict.GOOD
        told = (
            "does not hang: no advice is needed" if does_not else "cannot be asked whether it hangs"
        )
        return [f"{advice.release.version} {told}."]
    return [
        f"{answer.capitalize()} in {advice.release.version}: {', '.join(those)}."
        for answer in MEANING
        if (those := [t.name for t in advice.tried if t.answer == answer])
    ]


def summary(advice: Advice) -> list[str]:
    """Say in sentences what is bad in the release, what helps, and where to go."""
    version = advice.release.version
    bad = [fault.looked.program.name for fault in advice.faults]
    if not bad:
        return [f"Nothing is bad in {version}: no advice is needed."]
    return [f"Bad in {version}: {', '.join(bad)}.", *map(_against, advice.faults), _where(advice)]


def _against(fault: Fault) -> str:
    told = [
        f"{answer}: {', '.join(those)}"
        for answer in (HELPS, NO_HELP, WORSE)
        if (those := [t.name for t in fault.tried if t.answer == answer])
    ]
    return f"Against {fault.looked.program.name} {'; '.join(told) or 'no advice is known'}."


def _where(advice: Advice) -> str:
    named = [f"{g.target.version} ({' and '.join(g.target.why)})" for g in advice.goings]
    return f"Where to go: {', '.join(named)}." if named else _nowhere(advice)


def _nowhere(advice: Advice) -> str:
    return f"There is no newer stable release to go to (the newest is {advice.newest})."


def show(advice: Advice, console: Console) -> None:
    """Print it for a person, the answer last."""

    def line(text: str, style: str = "") -> None:
        console.print(text, style=style, markup=False)

    console.print()
    line(_title(advice), "bold")
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("scenario", _day_column(advice), "today"):
        table.add_column(name, no_wrap=True)
    table.add_column("what happens", overflow="fold")
    for looked in advice.looked:
        table.add_row(
            looked.program.name,
            _cell(looked.day),
            _cell(looked.today),
            escape(_reason(advice, looked)),
        )
    console.print(table)
    for fault in advice.faults:
        line(fault.looked.program.name, "bold")
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=len(NOT_TRIED))
        grid.add_column(overflow="fold")
        for label, text in _facts(advice, fault):
            grid.add_row(label, escape(text))
        for tried in fault.tried:
            told = f"[bold]{tried.name}[/]: {escape(tried.advice)}"
            if tried.answer != HELPS:
                told += f" [dim]({escape(tried.reason)})[/]"
            grid.add_row(f"[{ANSWERS[tried.answer]}]{tried.answer}[/]", told)
        console.print(grid)
        console.print()
    if advice.faults:
        line("Where to go", "bold")
        grid = Table.grid(padding=(0, 2))
        for going in advice.goings:
            grid.add_row(
                f"[bold]{going.target.version}[/]", escape("\n".join(_going(advice, going)))
            )
        console.print(grid if advice.goings else _nowhere(advice))
        console.print()
    for sentence in summary(advice):
        line(sentence, "bold")
    line(_circumstances(advice), "dim")


def to_markdown(advice: Advice) -> str:
    """Return it for pasting into an issue: it stands by itself."""
    lines = [f"## {_title(advice)}", ""]
    for sentence in summary(advice):
        lines += [f"**{sentence}**", ""]
    lines += _rows("scenario", _day_column(advice), "today", "what happens")
    lines += [
        _row(x.program.name, x.day.verdict.value, x.today.verdict.value, _reason(advice, x))
        for x in advice.looked
    ]
    for fault in advice.faults:
        lines += ["", f"### {fault.looked.program.name}", ""]
        lines += [f"- {label}: {text}" for label, text in _facts(advice, fault)]
        if fault.tried:
            lines += ["", *_rows("advice", "answer", "what happened")]
        for tried in fault.tried:
            lines.append(_row(f"{tried.advice} (`{tried.name}`)", tried.answer, tried.reason))
    if advice.faults:
        lines += ["", "### Where to go", ""]
        for going in advice.goings:
            lines.append(f"- **{going.target.version}**: {'; '.join(_going(advice, going))}")
        if not advice.goings:
            lines.append(_nowhere(advice))
    answers = [a for a in MEANING if any(t.answer == a for f in advice.faults for t in f.tried)]
    lines += ["", *(f"- {answer}: {MEANING[answer]}." for answer in answers)]
    lines += ["", f"{_circumstances(advice)}."]
    return "\n".join(lines) + "\n"


def _rows(*names: str) -> list[str]:
    return [_row(*names), _row(*["---"] * len(names))]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _title(advice: Advice) -> str:
    held = f", with {', '.join(advice.pinned)}" if advice.pinned else ""
    return f"{PACKAGE} {advice.release.version} of {advice.release.uploaded:%Y-%m-%d}{held}"


def _day_column(advice: Advice) -> str:
    return "as pinned" if advice.pinned else "on its day"


def _cell(seen: Observation) -> str:
    return f"[{STYLES[seen.verdict]}]{seen.verdict.value}[/]"


def _reason(advice: Advice, looked: Looked) -> str:
    """What is worth a line: the failure, or that it works; that it does not import once only."""
    seen = looked.bad or looked.day
    does_not_import = next(x.day for x in advice.looked if x.program.name == IMPORTS)
    if seen.verdict is Verdict.SKIP and seen.reason == does_not_import.reason:
        return ""
    return f"today: {seen.reason}" if seen is looked.today else seen.reason


def _facts(advice: Advice, fault: Fault) -> Iterator[tuple[str, str]]:
    """What is known of a fault: labels and words."""
    looked, version = fault.looked, advice.release.version
    assert looked.bad is not None
    yield "expected", looked.program.expected
    yield "happens", looked.bad.reason
    if fault.history is not None and fault.everywhere:
        whose = f"; it is RabbitMQ {advice.rabbitmq}'s" if fault.of_rabbitmq else ""
        yield "since", f"ever: no release that was looked at is good{whose}"
    elif fault.history is not None:
        since, until = fault.history.since(version), fault.history.until(version)
        first = next(iter(fault.history.verdicts), version)
        if since is None:
            yield "since", f"the first release that was looked at, {first}"
        else:
            yield "since", _joined(_named(since.after, since.first_stable), since.fault)
        if until is None:
            yield "fixed in", f"no release up to {advice.newest}"
        else:
            yield "fixed in", _joined(_named(until.after, until.first_stable), until.fault)
        yield "known from", fault.history.source
    elif fault.cause:
        yield "since", f"{fault.cause.upload} was uploaded"
        yield "known from", fault.cause.source
    elif looked.deps == TODAY:
        asked = ["--along", "days", "--with", f"{PACKAGE}=={version}", looked.program.name]
        which = command_line("bisect", *asked)
        yield "since", f"an upload of a dependency after its day; which one: {which}"
    else:
        pins = " and ".join(advice.pinned)
        yield "whose fault", f"of what is pinned: {pins}; with what its day had, {version} is good"
    if report := looked.program.report:
        repository, _, number = report.partition("#")
        yield "report", f"https://github.com/{repository}/issues/{number}"


def _named(release: str, stable: str | None) -> str:
    return release if stable in (None, release) else f"{release}, first stable {stable}"


def _joined(what: str, fault: str) -> str:
    return f"{what}. {fault}" if fault else what


def _gains(going: Going) -> str:
    target = going.target
    mends = f"mends {', '.join(target.mends)}" if target.mends else "mends nothing"
    return f"{mends} and breaks {', '.join(target.breaks) or NOTHING}"


def _going(advice: Advice, going: Going) -> Iterator[str]:
    """Say of a release why to go there, in lines."""
    target = going.target
    yield f"{' and '.join(target.why)}: {_gains(going)}"
    if target.keeps:
        yield f"still bad: {', '.join(target.keeps)}"
    if target.on_the_way:
        yield "bad on the way: " + ", ".join(
            f"{name} in {first}" + (f" to {last}" if last != first else "")
            for name, first, last in target.on_the_way
        )
    if target.costs:
        yield "costs: " + ", ".join(
            f"{cost.benchmark} {cost.change:+.0%} in {cost.after}" for cost in target.costs
        )
    elif advice.costs_known:
        yield "costs: no confirmed step on the way"
    held = "what is pinned, and " if advice.pinned else ""
    yield f"with {held}today's dependencies: {_today(advice, going)}"


def _today(advice: Advice, going: Going) -> str:
    if going.today[IMPORTS].verdict is not Verdict.GOOD:
        return going.today[IMPORTS].reason
    known = {*going.target.keeps, *going.target.breaks}
    bad = [name for name, seen in going.today.items() if seen.verdict is Verdict.BAD]
    also = "also bad there: " if known & {*bad} else "bad there: "
    more = [name for name in bad if name not in known]
    here = next(x.today for x in advice.looked if x.program.name == IMPORTS)
    same = "the same" if here.verdict is Verdict.GOOD else "it imports, and does the same"
    return also + ", ".join(more) if more else same


def _circumstances(advice: Advice) -> str:
    dependencies: Mapping[str, str] = advice.hang.day.dependencies
    shown = [f"{n} {dependencies[n]}" for n in ("aio-pika", "aiormq") if n in dependencies]
    where = f"RabbitMQ {advice.rabbitmq} ({advice.rabbitmq_source})"
    when = f"{advice.started:%Y-%m-%d %H:%M} UTC in {advice.seconds:.1f} s"
    what = "costs of releases not searched yet" if not advice.costs_known else ""
    python = f"Python {advice.hang.day.python}"
    return ", ".join(filter(None, [where, python, *shown, what, when]))
