"""What helps those who are stuck with a release, in words: for a terminal, for an issue or page."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bisector.bisection.advice import (
    HELPS,
    MEANING,
    NO_HELP,
    NOT_NEEDED,
    NOT_TRIED,
    WORSE,
    Advice,
)
from bisector.environments.releases import PACKAGE
from bisector.search.exact import Verdict

STYLES = {HELPS: "green", NO_HELP: "yellow", WORSE: "red", NOT_TRIED: "dim", NOT_NEEDED: "dim"}


def sentences(advice: Advice) -> list[str]:
    """Say the answer: a sentence for each kind."""
    if advice.hang.verdict is Verdict.GOOD:
        return [f"{advice.release} does not hang: no advice is needed."]
    return [
        f"{answer.capitalize()} in {advice.release}: {', '.join(t.name for t in those)}."
        for answer in MEANING
        if (those := advice.those(answer))
    ]


def show(advice: Advice, console: Console) -> None:
    """Print it for a person, the answer last."""
    console.print(f"\n{_title(advice)}", style="bold", markup=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("advice", "", "answer", "what happened"):
        table.add_column(name, overflow="fold")
    for tried in advice.tried:
        answer = f"[{STYLES[tried.answer]}]{tried.answer}[/]"
        table.add_row(tried.name, escape(tried.advice), answer, escape(tried.reason))
    console.print(table)
    for answer in _answers(advice):
        console.print(f"{answer}: {MEANING[answer]}", style="dim", markup=False, soft_wrap=True)
    console.print()
    for sentence in sentences(advice):
        console.print(sentence, style="bold", markup=False, soft_wrap=True)
    console.print(_circumstances(advice), style="dim", markup=False, soft_wrap=True)


def to_markdown(advice: Advice) -> str:
    """Return it for pasting into an issue: it stands by itself."""
    lines = [f"## {_title(advice)}", ""]
    for sentence in sentences(advice):
        lines += [f"**{sentence}**", ""]
    lines += ["| advice | answer | what happened |", "| --- | --- | --- |"]
    for tried in advice.tried:
        cells = [f"{tried.advice} (`{tried.name}`)", tried.answer, tried.reason]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", *(f"- {answer}: {MEANING[answer]}." for answer in _answers(advice))]
    lines += ["", f"{_circumstances(advice)}."]
    return "\n".join(lines) + "\n"


def _title(advice: Advice) -> str:
    return (
        f"{PACKAGE} {advice.release}, {advice.program.report}: what helps when publishing hangs"
        " after a sibling broker was closed"
    )


def _answers(advice: Advice) -> list[str]:
    return [answer for answer in MEANING if advice.those(answer)]


def _circumstances(advice: Advice) -> str:
    shown = [f"{n} {advice.hang.dependencies[n]}" for n in ("aio-pika", "aiormq")
             if n in advice.hang.dependencies]  # fmt: skip
    deps = f"dependencies as of {advice.deps.replace('-', ' ')}"
    where = f"RabbitMQ {advice.rabbitmq} ({advice.rabbitmq_source})"
    when = f"{advice.started:%Y-%m-%d %H:%M} UTC in {advice.seconds:.1f} s"
    return ", ".join([where, f"Python {advice.hang.python}", *shown, deps, when])
