"""An answer in words: for a terminal, for programs (JSON), for an issue or a page (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bisector import search
from bisector.bisect import Answer, Flip
from bisector.display import STYLES
from bisector.environments import RELEASE_DAY
from bisector.probe import Observation
from bisector.releases import PACKAGE
from bisector.search import Verdict

SHOWN = ("aio-pika", "aiormq")
"""The dependencies that a reader asks for first."""


def sentences(answer: Answer) -> list[str]:
    """Say the answer: one sentence for each flip, or that there is none and what was looked at."""
    if flips := answer.flips:
        return [_flip(flip) for flip in flips]
    seen = search.tested(answer.history)
    versions = [release.version for release in answer.releases]
    if not seen:
        reasons = sorted({seen[-1].reason for seen in answer.observations.values()})
        text = (
            f"No answer: none of the {len(answer.observations)} releases probed from {versions[0]}"
            f" to {versions[-1]} can be tested: {'; '.join(reasons[:2])}"
        )
        return [text]
    verdict = answer.history[seen[0]]
    assert verdict is not None
    text = (
        f"No flip found: {verdict.value} at both ends ({versions[seen[0]]}, {versions[seen[-1]]})"
        f" and at all {len(seen)} releases tested between them."
    )
    if gap := search.widest_gap(answer.history):
        text += (
            f" A change that lasted for up to {gap} releases in a row could have been missed:"
            " --map probes them all."
        )
    return [text]


def _flip(flip: Flip) -> str:
    stable = (
        f"first stable release {flip.first_stable}" if flip.first_stable else "in no stable release"
    )
    fixed = flip.to is Verdict.GOOD
    first = "Fixed in" if fixed else "Broken since"
    until = f"{'broken' if fixed else 'good'} from {flip.since} to {flip.before}"
    if flip.skipped:
        several = [*flip.skipped, flip.after]
        return (
            f"{first} one of these {len(several)}: {', '.join(several)} (all but the last cannot"
            f" be tested), {stable}; {until}."
        )
    return f"{first} {flip.after}, {stable}; {until}."


def to_json(answer: Answer) -> dict[str, Any]:
    """Return the answer for programs; versions are strings, times seconds, dates ISO 8601 UTC."""
    return {
        "scenario": answer.program.name,
        "package": PACKAGE,
        "report": answer.program.report,
        "answer": sentences(answer),
        "flips": [
            {
                "before": flip.before,
                "after": flip.after,
                "from": flip.from_.value,
                "to": flip.to.value,
                "first_stable": flip.first_stable,
                "skipped": list(flip.skipped),
            }
            for flip in answer.flips
        ],
        "releases": [_row(answer, version) for version in _probed(answer)],
        "range": [answer.releases[0].version, answer.releases[-1].version, len(answer.releases)],
        "deps": answer.deps,
        "python": answer.python,
        "rabbitmq": answer.rabbitmq,
        "rabbitmq_source": answer.rabbitmq_source,
        "started": answer.started.isoformat(timespec="seconds"),
        "seconds": answer.seconds,
        "timing": answer.timing,
    }


def _row(answer: Answer, version: str) -> dict[str, Any]:
    seen = answer.last(version)
    return {
        "version": version,
        "verdict": seen.verdict.value,
        "outcome": seen.outcome,
        "reason": seen.reason,
        "seconds": seen.seconds,
        "probes": len(answer.observations[version]),
        "dependencies": seen.dependencies,
        "evidence": seen.evidence,
    }


def print_answer(answer: Answer, console: Console) -> None:
    """Print the answer for a person: the table, the evidence, and the answer itself last."""
    console.print(f"\n{answer.program.name}: {answer.program.title}", style="bold", markup=False)
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("release", "verdict", "what happened", "s", *SHOWN):
        table.add_column(name, overflow="fold", justify="right" if name == "s" else "left")
    edges = {v for flip in answer.flips for v in (flip.before, flip.after)}
    for version in _probed(answer):
        seen = answer.last(version)
        table.add_row(
            f"[bold]{version}[/]" if version in edges else version,
            f"[{STYLES[seen.verdict]}]{seen.verdict.value}[/]",
            escape(seen.reason + _dispute(answer, version)),
            f"{seen.seconds:.1f}",
            *(seen.dependencies.get(name, "") for name in SHOWN),
        )
    console.print(table)
    for flip in answer.flips:
        for line in _evidence(answer.last(_bad_side(flip))):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print()
    for sentence in sentences(answer):
        console.print(sentence, style="bold", markup=False, highlight=False, soft_wrap=True)
    console.print(_circumstances(answer), style="dim", highlight=False, soft_wrap=True)
    if line := again(answer):
        console.print(f"See a verdict again: {line}", markup=False, highlight=False, soft_wrap=True)


def to_markdown(answer: Answer) -> str:
    """Return the answer for pasting into an issue: it stands by itself."""
    title = f"{answer.program.name}: {answer.program.title}"
    lines = [f"## {title}", "", *(f"**{s}**" for s in sentences(answer)), ""]
    lines += [f"{_circumstances(answer)}.", ""]
    head = ["release", "verdict", "what happened", "seconds", *SHOWN]
    lines += ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for version in _probed(answer):
        seen = answer.last(version)
        cells = [
            version,
            seen.verdict.value,
            seen.reason.replace("|", "\\|") + _dispute(answer, version),
            f"{seen.seconds:.1f}",
            *(seen.dependencies.get(name, "") for name in SHOWN),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    for flip in answer.flips:
        if evidence := _evidence(answer.last(_bad_side(flip))):
            lines += ["", evidence[0].strip(), "", "```text", *evidence[1:], "```"]
    if line := again(answer):
        lines += ["", f"See a verdict again: `{line}`"]
    return "\n".join(lines) + "\n"


def evidence_of(observation: Observation) -> list[str]:
    """What a probe saw beyond its verdict, in lines."""
    return _evidence(observation)


def again(answer: Answer) -> str:
    """Return the command line that shows one verdict again."""
    flips = answer.flips
    version = _bad_side(flips[-1]) if flips else next(iter(_probed(answer)), "")
    options = "" if answer.deps == RELEASE_DAY else f"--deps {answer.deps} "
    return f'nox -s "release({version})" -- {options}{answer.program.name}' if version else ""


def _evidence(seen: Observation) -> list[str]:
    evidence = seen.evidence
    lines: list[str] = []
    if chain := evidence.get("await_chain"):
        lines += [f"Where {seen.version} hangs, innermost last:", *(f"  {step}" for step in chain)]
    else:
        lines.append(f"What {seen.version} does: {seen.reason}")
    control = evidence.get("control")
    if isinstance(control, dict) and control.get("answered"):
        milliseconds = 1000 * float(control.get("seconds", 0))
        lines.append(
            "Control: in that moment plain aio-pika published on the same broker,"
            f" confirmed in {milliseconds:.1f} ms"
        )
    if "still_receives" in evidence:
        lines.append(f"The broker still receives: {'yes' if evidence['still_receives'] else 'no'}")
    if "shared_objects" in evidence:
        shared: Sequence[str] = evidence["shared_objects"]
        lines.append(f"Both brokers hold the same: {', '.join(shared) or 'nothing'}")
    return lines


def _dispute(answer: Answer, version: str) -> str:
    """Say so when a release did not always answer the same."""
    seen = answer.observations[version]
    same = sum(o.verdict is answer.last(version).verdict for o in seen)
    return f" ({same} of {len(seen)} probes; not reliable)" if same < len(seen) else ""


def _circumstances(answer: Answer) -> str:
    deps = "dependencies as of each release's day"
    if answer.deps != RELEASE_DAY:
        deps = f"dependencies as of {answer.deps}"
    probes = sum(map(len, answer.observations.values()))
    return (
        f"{probes} probes of {len(answer.observations)} of {len(answer.releases)} releases"
        f" in {answer.seconds:.1f} s; RabbitMQ {answer.rabbitmq} ({answer.rabbitmq_source}),"
        f" Python {answer.python}, {deps}; {answer.started:%Y-%m-%d %H:%M} UTC"
    )


def _bad_side(flip: Flip) -> str:
    return flip.before if flip.from_ is Verdict.BAD else flip.after


def _probed(answer: Answer) -> list[str]:
    return [r.version for r in answer.releases if r.version in answer.observations]
