"""What changed, in words: for a terminal, for programs (JSON), for a page (Markdown), as files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from bisector.changes import programs
from bisector.changes.differences import GRAVE
from bisector.changes.findings import Finding, describe, total
from bisector.changes.result import Changes
from bisector.processes.redaction import redact
from bisector.telling.documents import SCHEMA

MARK = "Found by `nox -s changes`."
"""In what we write, and may write over."""
STYLES = dict.fromkeys(GRAVE, "red")


def answer(changes: Changes) -> str:
    """Say in a sentence what came of it."""
    compared, found = changes.compared, changes.findings
    counts = ", ".join(f"{n} {kind}" for kind, n in total(found).items())
    what = f"{len(found)} differences ({counts})" if found else "nothing differs"
    alike = f" ({compared.alike} more call no function that differs)" if compared.alike else ""
    looked = f"{compared.situations} situations in {compared.seconds:.0f} s{alike}"
    text = f"{changes.old} -> {changes.new}: {what}, as far as was looked: {looked}"
    if changes.stopped:
        return f"{text}, then it was stopped."
    if not compared.complete:
        return f"{text}, too short for every choice of the grammar; --minutes gives more."
    return f"{text}."


def show(changes: Changes, console: Console, folder: Path) -> None:
    """Print it for a person, the answer last."""
    for number, finding in enumerate(changes.findings, 1):
        console.print(f"\n{finding.kind:>7}  ", style=STYLES.get(finding.kind, "bold"), end="")
        console.print(finding.sentence, markup=False, soft_wrap=True)
        where = f"{folder / _name(number)}" if finding.program else "no program of one side only"
        many = f"{finding.touched} situation{'s' * (finding.touched != 1)}"
        console.print(f"{'':9}{where}  ({many})", style="dim", markup=False, soft_wrap=True)
        for other in _others(finding):
            console.print(f"{'':9}also: {other}", style="dim", markup=False, soft_wrap=True)
    for line in circumstances(changes):
        console.print(line, style="dim", markup=False, soft_wrap=True)
    console.print(answer(changes), style="bold", markup=False, soft_wrap=True)


def circumstances(changes: Changes) -> list[str]:
    """Say what was compared, and what was not."""
    kinds = ", ".join(f"{kind} {run}/{all_}" for kind, (run, all_) in changes.kinds.items())
    masked = changes.compared.masked
    lines = [f"Choices of the grammar that were run: {kinds}."]
    if masked:
        lines.append(
            f"Masked, for two runs of one side differ there: {sum(masked.values())} times,"
            f" {', '.join(' '.join(filter(None, place)) for place, _ in masked.most_common(5))}."
        )
    if changes.outside:
        lines.append(f"Not used by the application: {', '.join(changes.outside)}.")
    if changes.dependencies:
        told = ", ".join(f"{name} {old or 'none'} -> {new or 'none'}"
                         for name, old, new in changes.dependencies)  # fmt: skip
        lines.append(f"Dependencies differ, too: {told}.")
    return lines


def to_json(changes: Changes) -> dict[str, Any]:
    """Return all of it."""
    compared = changes.compared
    return redact({
        "schema": SCHEMA,
        "before": changes.old,
        "after": changes.new,
        "answer": answer(changes),
        "findings": [_row(n, finding) for n, finding in enumerate(changes.findings, 1)],
        "compared": {
            "situations": compared.situations,
            "alike": compared.alike,
            "runs": compared.runs,
            "seconds": compared.seconds,
            "complete": compared.complete,
            "stopped": changes.stopped,
            "covered": {k: {"run": run, "all": all_} for k, (run, all_) in changes.kinds.items()},
            "left_out": changes.left_out,
            "not_offered": sorted(c.id for c in compared.not_offered),
            "not_used": list(changes.outside),
            "masked": [
                {"source": source, "name": name, "field": field, "times": times}
                for (source, name, field), times in sorted(compared.masked.items())
            ],
        },
        "rabbitmq": changes.rabbitmq,
        "dependencies": [list(row) for row in changes.dependencies],
    })  # fmt: skip


def _row(number: int, finding: Finding) -> dict[str, Any]:
    difference = finding.difference
    return {
        "id": finding.id,
        "kind": finding.kind,
        "worse": difference.worse,
        "sentence": finding.sentence,
        "situations": finding.touched,
        "choices": sorted(c.id for c in finding.choices),
        "program": finding.program,
        "file": _name(number) if finding.program else None,
        "passes": finding.passes or None,
        "before": difference.before,
        "after": difference.after,
        "also": [other.sentence for other in finding.alike],
    }


def to_history(changes: Changes) -> dict[str, Any]:
    """Return what is kept of one pair of many; its programs are files."""
    told = to_json(changes)
    compared = {
        k: told["compared"][k] for k in ("situations", "alike", "runs", "seconds", "complete")
    }
    findings = [
        {
            **{
                k: row[k]
                for k in ("id", "kind", "worse", "situations", "choices", "file", "passes")
            },
            "sentence": _cut(row["sentence"]),
            "also": [_cut(text) for text in _others(finding)],
        }
        for row, finding in zip(told["findings"], changes.findings, strict=True)
    ]
    kept = {name: told[name] for name in ("answer", "rabbitmq", "dependencies")}
    return {**kept, "findings": findings, "compared": compared}


def _cut(text: str, longest: int = 300) -> str:
    return redact(text if len(text) <= longest else f"{text[:longest]}...")


def to_markdown(changes: Changes) -> str:
    """Return a page."""
    lines = [f"# What changed from {changes.old} to {changes.new}", "", answer(changes), ""]
    for number, finding in enumerate(changes.findings, 1):
        lines += [f"## {number}. {finding.kind}", "", marked(finding.sentence), ""]
        lines += [f"- also: {marked(other)}" for other in _others(finding)]
        if finding.program:
            passes = changes.old if finding.passes == "before" else changes.new
            lines += ["", f"Passes on {passes} only:", "", "```python", finding.program.rstrip()]
            lines += ["```", ""]
    lines += [*circumstances(changes)]
    return redact("\n".join(lines)) + "\n"


def write_programs(changes: Changes, folder: Path) -> list[Path]:
    """Write the findings' programs, in place of those of the last run; nothing else is touched."""
    names = (changes.old, changes.new)
    shown = [(n, f) for n, f in enumerate(changes.findings, 1) if f.program]
    if folder.is_dir():
        for file in folder.glob("[0-9][0-9][0-9][0-9].py"):
            if MARK in file.read_text(encoding="utf-8", errors="replace"):
                file.unlink()
    if shown:
        folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, finding in shown:
        path = folder / _name(number)
        path.write_text(programs.titled(finding, names, MARK), encoding="utf-8")
        written.append(path)
    return written


def _name(number: int) -> str:
    return f"{number:04}.py"


def _others(finding: Finding, most: int = 3) -> Sequence[str]:
    """What else one finding stands for, in a few lines."""
    own = describe(finding.difference)
    told = list(dict.fromkeys(d for f in finding.alike if (d := describe(f.difference)) != own))
    more = [f"{len(told) - most} more like that"] if len(told) > most else []
    return [*told[:most], *more]


def marked(text: str) -> str:
    """A text in which Markdown marks nothing."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)
