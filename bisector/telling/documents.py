"""What programs read: an answer, advice, a comparison of two releases, as JSON documents.

Versions are strings, times seconds, dates ISO 8601 UTC.  Each is described by a JSON Schema of its
command's name in `schemas/`.
"""

from __future__ import annotations

import math
from datetime import timezone
from typing import TYPE_CHECKING, Any

from bisector.bisection import specifiers
from bisector.bisection.answer import Answer, Flip
from bisector.bisection.blame import Blame
from bisector.bisection.inquiry import Finding
from bisector.environments.recipes import Difference
from bisector.environments.releases import PACKAGE
from bisector.questions.behaviour import Observation
from bisector.telling import answers
from bisector.telling.hints import hints
from bisector.telling.strip import marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bisector.bisection.advice import Advice, Fault, Going
    from bisector.bisection.histories import Change
    from bisector.check.result import Check

SCHEMA = 1
"""The version of the layouts: rises when a field goes, or means something else."""


def of_finding(finding: Finding) -> dict[str, Any]:
    """Return all that was found of one program."""
    answer = finding.answer
    return {
        "schema": SCHEMA,
        "scenario": answer.program.as_typed,
        "title": answer.program.title,
        "package": answer.axis.package,
        "held": answer.axis.held,
        "report": answer.program.report,
        "answer": answers.sentences(answer),
        "hints": hints(answer),
        "flips": [_flip_json(finding, flip) for flip in answer.flips],
        "affected": found.affected if (found := specifiers.of(answer)) else None,
        "required": found.required if found else None,
        "releases": [_row(answer, version) for version in answer.probed],
        "history": [
            {"version": release.version, "verdict": verdict.value if verdict else None}
            for release, verdict in zip(answer.releases, answer.history, strict=True)
        ],
        "strip": marks(answer.history),
        "range": [answer.releases[0].version, answer.releases[-1].version, len(answer.releases)],
        "deps": answer.circumstances.deps,
        "python": answer.python,
        "rabbitmq": answer.circumstances.rabbitmq,
        "rabbitmq_source": answer.circumstances.rabbitmq_source,
        "started": answer.started.isoformat(timespec="seconds"),
        "seconds": answer.seconds,
        "timing": answer.timing,
    }


def _flip_json(finding: Finding, flip: Flip) -> dict[str, Any]:
    row: dict[str, Any] = {
        "before": flip.before,
        "after": flip.after,
        "from": flip.from_.value,
        "to": flip.to.value,
        "first_stable": flip.first_stable,
        "skipped": list(flip.skipped),
        "seen": [list(answers.agreement(finding.answer, v)) for v in (flip.before, flip.after)],
    }
    if upload := finding.answer.upload(flip):
        row["upload"] = upload.to_json()
    if flaky := finding.answer.flaky:
        row["probability"] = round(flaky.probability, 4)
    if blame := finding.blames.get(flip):
        row["blame"] = of_blame(blame)
    if (inner := finding.commits.get(flip)) is not None:
        row["commits"] = _edges(inner)
    return row


def of_blame(blame: Blame) -> dict[str, Any]:
    """Return whose fault a flip, or a step of a cost, is."""

    def listed(changes: Sequence[Difference]) -> list[dict[str, str | None]]:
        return [{"name": name, "before": old, "after": new} for name, old, new in changes]

    return {
        "guilty": blame.guilty,
        "sentence": blame.sentence,
        "dependency": blame.dependency,
        "culprits": listed(blame.culprits),
        "minimal": blame.minimal,
        "welded": listed(blame.welded),
        "probes": blame.probes,
        "seconds": blame.seconds,
        "differences": [list(difference) for difference in blame.differences],
        "crosses": [[name, seen.verdict.value, seen.reason] for name, seen in blame.crosses],
        "flips": [list(edge) for walk in blame.walks[:1] for edge in walk.edges],
        "walks": [
            {"name": walk.axis.package, "flips": [list(edge) for edge in walk.edges]}
            for walk in blame.walks
        ],
    }


def _edges(answer: Answer) -> list[list[str]]:
    return [[flip.before, flip.after] for flip in answer.flips]


def _row(answer: Answer, version: str) -> dict[str, Any]:
    seen = answer.last(version)
    row = {
        "version": version,
        "verdict": answer.verdict(version).value,
        "outcome": seen.outcome,
        "reason": seen.reason,
        "seconds": seen.seconds,
        "probes": len(answer.observations[version]),
        "dependencies": seen.dependencies,
        "evidence": seen.evidence,
    }
    if not answer.program.builtin:
        row["output"] = seen.output
    return row


def of_advice(advice: Advice) -> dict[str, Any]:
    """Return what is bad in one release, what helps, and where to go."""
    # Here and below: who prints an answer need not load what the others are printed with.
    from bisector.bisection.advice import MEANING  # noqa: PLC0415
    from bisector.telling import advice as advising  # noqa: PLC0415

    hang = advice.hang.bad or advice.hang.day
    return {
        "schema": SCHEMA,
        "package": PACKAGE,
        "release": advice.release.version,
        "pinned": list(advice.pinned),
        "scenario": advice.hang.program.name,
        "report": advice.hang.program.report,
        "answer": advising.sentences(advice),
        "summary": advising.summary(advice),
        "scenarios": [
            {
                "scenario": looked.program.name,
                "report": looked.program.report,
                "expected": looked.program.expected,
                "day": _observation(looked.day),
                "today": _observation(looked.today),
            }
            for looked in advice.looked
        ],
        "faults": [_fault(advice, fault) for fault in advice.faults],
        "targets": [_going(going) for going in advice.goings],
        "costs_known": advice.costs_known,
        "hang": {
            "verdict": hang.verdict.value,
            "outcome": hang.outcome,
            "reason": hang.reason,
            "evidence": hang.evidence,
        },
        "advice": [vars(tried) for tried in advice.tried],
        "meaning": MEANING,
        "dependencies": hang.dependencies,
        "deps": advice.hang.deps,
        "python": hang.python,
        "rabbitmq": advice.rabbitmq,
        "rabbitmq_source": advice.rabbitmq_source,
        "started": advice.started.isoformat(timespec="seconds"),
        "seconds": advice.seconds,
    }


def _fault(advice: Advice, fault: Fault) -> dict[str, Any]:
    version, history = advice.release.version, fault.history

    def changed(change: Change | None) -> dict[str, Any] | None:
        if change is None:
            return None
        named = {"before": change.before, "after": change.after}
        return {**named, "first_stable": change.first_stable, "blame": change.fault}

    return {
        "scenario": fault.looked.program.name,
        "deps": fault.looked.deps,
        "since": changed(history.since(version)) if history else None,
        "fixed": changed(history.until(version)) if history else None,
        "source": known.source if (known := history or fault.cause) else None,
        "upload": fault.cause.upload if fault.cause else None,
        "advice": [vars(tried) for tried in fault.tried],
    }


def _going(going: Going) -> dict[str, Any]:
    target = going.target
    return {
        "version": target.version,
        "why": list(target.why),
        "mends": list(target.mends),
        "keeps": list(target.keeps),
        "breaks": list(target.breaks),
        "on_the_way": [
            {"scenario": name, "first": first, "last": last}
            for name, first, last in target.on_the_way
        ],
        "costs": [vars(cost) for cost in target.costs],
        "today": {name: _observation(seen) for name, seen in going.today.items()},
    }


def of_check(check: Check) -> dict[str, Any]:
    """Return what a comparison came to.

    Changes are parts (0.1 is 10 % more); null is a number that is not finite, and the percentage
    accepted of a scenario.
    """
    from bisector.telling import check_situations, checks  # noqa: PLC0415

    return {
        "schema": SCHEMA,
        "package": PACKAGE,
        "baseline": vars(check.baseline),
        "candidate": vars(check.candidate),
        "answer": checks.answer(check),
        "passed": check.passed,
        "regressions": [found.name for found in check.regressions()],
        "behaviours": [
            {
                "scenario": found.scenario,
                "report": found.report,
                "expected": found.expected,
                "judgement": found.judgement.value,
                "accepted": check.accepts(found),
                "reason": found.reason,
                "baseline": _observation(found.baseline),
                "candidate": _observation(found.candidate),
            }
            for found in check.behaviours
        ],
        "situations": check_situations.to_json(check),
        "speeds": [
            {
                "benchmark": found.benchmark,
                "unit": found.unit,
                "baseline": _significant(found.baseline),
                "candidate": _significant(found.candidate),
                "change": _rounded(found.change),
                "low": _rounded(found.low),
                "high": _rounded(found.high),
                "smallest": _rounded(found.smallest),
                "rounds": found.rounds,
                "judgement": found.judgement.value,
                "accepted": check.accepts(found),
                "reason": found.reason,
            }
            for found in check.speeds
        ],
        "differences": [list(difference) for difference in check.differences],
        "accepted": [
            {
                "what": acceptance.what,
                "percent": _rounded(acceptance.percent),
                "reason": acceptance.reason,
                "source": acceptance.source,
                "matters": matters,
            }
            for acceptance, matters in check.accepted
        ],
        "rabbitmq": check.rabbitmq,
        "rabbitmq_source": check.rabbitmq_source,
        "started": check.started.astimezone(timezone.utc).isoformat(timespec="seconds"),
        "seconds": _rounded(check.seconds, 1),
        "rounds": check.rounds,
        "void_rounds": check.void_rounds,
        "gives_up": list(check.gives_up),
    }


def _observation(seen: Observation) -> dict[str, Any]:
    """Return it without what the sides have already."""
    return {
        "verdict": seen.verdict.value,
        "outcome": seen.outcome,
        "reason": seen.reason,
        "seconds": seen.seconds,
        "evidence": seen.evidence,
    }


def _rounded(value: float, digits: int = 4) -> float | None:
    return round(value, digits) if math.isfinite(value) else None


def _significant(value: float) -> float | None:
    """To six significant digits."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
