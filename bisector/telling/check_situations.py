"""Generated situations of a check in words: what is worse, and what is only otherwise."""

from __future__ import annotations

from typing import Any

from bisector.changes.differences import GRAVE
from bisector.check.result import Change, Check, Judgement, Situations

ROW = ("finding", "kind", "answer", "what was and what is")
SHOWN = 12
"""How many findings that are no worse are listed; JSON has all."""


def part(found: Situations | None) -> str:
    """Say in how many nothing is worse; nothing where none was looked at."""
    if found is None or not found.count:
        return ""
    some = f"{found.no_worse} of " if found.no_worse < found.count else ""
    return f"{some}{found.count} situation{'s' * (found.count != 1)}"


def worse(found: Change) -> str:
    """Say what is worse."""
    return f"{found.sentence} ({found.id})"


def row(check: Check, found: Change) -> list[str]:
    """Return the cells of a table of what was judged."""
    answer = "worse, accepted" if check.accepts(found) else found.judgement.value
    return [found.id, found.kind, answer, found.sentence]


def others(found: Situations) -> list[str]:
    """Say what else is different, in lines, most telling first."""
    rest = [c for c in found.changes if c.judgement is Judgement.NO_WORSE]
    if not rest:
        return []
    lines = [f"Different, and no worse ({len(rest)}):"]
    lines += [f"  {c.kind}: {c.sentence}" for c in rest[:SHOWN]]
    if len(rest) > SHOWN:
        lines.append(f"  {len(rest) - SHOWN} more: nox -s changes tells them, with programs")
    return lines


def circumstances(found: Situations | None) -> str:
    """Say what was looked at."""
    if found is None:
        return ""
    if found.why_none:
        return f"Generated situations were not compared: {found.why_none}."
    run, all_ = found.choices
    return (
        f"Generated situations: {found.count} on both sides, {found.alike} more on the baseline"
        f" alone, for they call no function that differs; {run} of the grammar's {all_} choices."
    )


def to_json(check: Check) -> dict[str, Any] | None:
    """Return all of it; None: none was looked at."""
    found = check.situations
    if found is None:
        return None
    return {
        "count": found.count,
        "alike": found.alike,
        "choices": {"run": found.choices[0], "all": found.choices[1]},
        "why_none": found.why_none or None,
        "findings": [
            {
                "id": change.id,
                "kind": change.kind,
                "grave": change.kind in GRAVE,
                "sentence": change.sentence,
                "situations": change.situations,
                "program": change.program,
                "judgement": change.judgement.value,
                "accepted": check.accepts(change),
                "reason": change.reason,
                "alike": list(change.alike),
            }
            for change in found.changes
        ],
    }
