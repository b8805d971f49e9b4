"""A finding in words: for a terminal, for an issue or a page (Markdown)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bisector import command_line
from bisector.axes import between, commits
from bisector.bisection import specifiers
from bisector.bisection.answer import Answer, Flip
from bisector.bisection.blame import Blame
from bisector.bisection.inquiry import Finding
from bisector.environments.recipes import RELEASE_DAY
from bisector.environments.releases import PACKAGE
from bisector.questions.behaviour import UNIMPORTABLE, Observation
from bisector.rabbitmq import NO_BROKER
from bisector.search import exact
from bisector.search.exact import Verdict
from bisector.telling.hints import hints, options
from bisector.telling.strip import STYLES, Strip

SIDE_BY_SIDE = 25
"""How many lines of each of two outputs stand side by side: the last ones."""
SHOWN = ("aio-pika", "aiormq")
"""The dependencies that a reader asks for first."""


def sentences(answer: Answer) -> list[str]:
    """Say the answer: one sentence for each flip, or that there is none and what was looked at."""
    if flips := answer.flips:
        return [_flip(answer, flip) for flip in flips]
    seen = exact.tested(answer.history)
    versions = [release.version for release in answer.releases]
    if not seen:
        reasons = sorted({seen[-1].reason for seen in answer.observations.values()})
        text = (
            f"No answer: none of the {len(answer.observations)} releases probed from {versions[0]}"
            f" to {versions[-1]} can be tested: {'; '.join(reasons[:2])}"
        )
        return [text]
    if answer.flaky is not None:
        return [f"No flip, with probability {answer.flaky.probability:.3f}."]
    if answer.may_be_wrong:
        return ["No answer that is certain enough: allow more probes with --most."]
    verdict = answer.history[seen[0]]
    assert verdict is not None
    text = (
        f"No flip found: {verdict.value} at both ends ({versions[seen[0]]}, {versions[seen[-1]]})"
        f" and at all {len(seen)} releases tested."
    )
    if gap := exact.widest_gap(answer.history):
        text += (
            f" A change that lasted for up to {gap} releases in a row could have been missed:"
            " --map probes them all."
        )
    return [text]


def in_short(answer: Answer) -> list[str]:
    """Say which releases to avoid, ready for a `pyproject.toml`, and how sure the answer is."""
    lines: list[str] = []
    if found := specifiers.of(answer):
        package = answer.axis.package
        lines += [f"Affected: {package}{found.affected}"] if found.affected else []
        lines += [f"To require: {package}{found.required}"] if found.required else []
        if found.with_neighbours:
            named = ", ".join(found.with_neighbours)
            lines.append(f"Not testable, counted with their neighbours: {named}")
        if found.neither:
            lines.append(f"Not testable, counted as neither: {', '.join(found.neither)}")
    sides = [agreement(answer, v) for flip in answer.flips for v in (flip.before, flip.after)]
    if len({*sides}) == 1:
        agreeing, seen = sides[0]
        lines.append(f"How sure: each side of each flip {agreeing} of {seen} fresh processes")
    elif sides:
        counts = ", ".join(
            f"{version} {agreeing} of {seen}"
            for flip in answer.flips
            for version in (flip.before, flip.after)
            for agreeing, seen in [agreement(answer, version)]
        )
        lines.append(f"How sure, in fresh processes: {counts}")
    return lines


def agreement(answer: Answer, version: str) -> tuple[int, int]:
    """How many fresh processes gave a release the verdict that it counts as, and of how many."""
    seen = answer.observations[version]
    return sum(o.verdict is answer.verdict(version) for o in seen), len(seen)


def _flip(answer: Answer, flip: Flip) -> str:
    fixed = flip.to is Verdict.GOOD
    first = "Fixed in" if fixed else "Broken since"
    until = f"{'broken' if fixed else 'good'} from {flip.since} to {flip.before}"
    stable = ""
    if answer.axis.stable_matters:
        stable = f", first stable release {flip.first_stable}" if flip.first_stable else (
            ", in no stable release of this range"
        )  # fmt: skip
    if upload := answer.upload(flip):
        first = f"{_fresh(answer, flip)} on {upload.uploaded:%Y-%m-%d %H:%M} UTC, with"
        first += f" {upload.name} {upload.number}"
        if flip.skipped:
            first += f", or with one of {', '.join(flip.skipped)} (which cannot be tested)"
    elif flip.skipped:
        several = [*flip.skipped, flip.after]
        first += f" one of these {len(several)}: {', '.join(several)} (all but the last cannot be"
        first += " tested)"
    else:
        first += f" {flip.after}"
    text = f"{first}{stable}; {until}."
    if answer.flaky is not None:
        before, after = answer.flaky.before, answer.flaky.after
        text += (
            f" Probability {answer.flaky.probability:.3f}: bad in {before.bad} of"
            f" {before.good + before.bad} probes before, {after.bad} of {after.good + after.bad}"
            " after."
        )
    return text


def _fresh(answer: Answer, flip: Flip) -> str:
    """Say of fresh installs what changed on a day."""
    unimportable = answer.last(_bad_side(flip)).outcome == UNIMPORTABLE
    ways = ("stopped importing", "import again") if unimportable else ("broke", "work again")
    return f"Fresh installs of {answer.axis.held} {ways[flip.to is Verdict.GOOD]}"


def print_answer(finding: Finding, console: Console) -> None:
    """Print an answer for a person: the table, the evidence, and the answer itself last."""
    answer = finding.answer
    shown = _columns(answer)
    console.print(f"\n{_heading(answer)}", style="bold",
                  markup=False, soft_wrap=True)  # fmt: skip
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("release", "verdict", "what happened", "s", *shown):
        table.add_column(name, overflow="fold", justify="right" if name == "s" else "left")
    edges = {v for flip in answer.flips for v in (flip.before, flip.after)}
    for label, version in _rows(answer):
        seen, verdict = answer.last(version), answer.verdict(version)
        table.add_row(
            f"[bold]{label}[/]" if version in edges else label,
            f"[{STYLES[verdict]}]{verdict.value}[/]",
            escape(seen.reason + _dispute(answer, version)),
            f"{seen.seconds:.1f}",
            *(seen.dependencies.get(name, "") for name in shown),
        )
    console.print(table)
    for flip in answer.flips:
        if answer.program.builtin:
            _print_lines(_evidence(answer.last(_bad_side(flip))), console)
        else:
            _print_outputs(answer, (flip.before, flip.after), console)
            if (seen := answer.last(_bad_side(flip))).evidence.get("await_chain"):
                _print_lines(_evidence(seen), console)
    if not answer.flips and not answer.program.builtin:
        probed = answer.probed
        _print_outputs(answer, (probed[0], probed[-1]), console)  # what it says may tell why
    console.print()
    for sentence in sentences(answer):
        console.print(sentence, style="bold", markup=False, soft_wrap=True)
    _print_lines([*in_short(answer), *hints(answer)], console)
    console.print(_circumstances(answer), style="dim", markup=False, soft_wrap=True)
    if line := again(answer):
        console.print(f"See a verdict again: {line}", markup=False, soft_wrap=True)
        if answer.program.builtin and answer.axis.package == PACKAGE and answer.flips:
            stuck = command_line("advise", _bad_side(answer.flips[-1]))
            console.print(f"What helps meanwhile: {stuck}", markup=False, soft_wrap=True)
    console.print("", *Strip.of(answer).lines(console.width), sep="\n", soft_wrap=True)


def _rows(answer: Answer) -> list[tuple[str, str]]:
    """What the rows are called, and a release that each stands for.

    Neighbours on the axis that are skipped for the same reason are one row.
    """
    order = [release.version for release in answer.releases]

    def why(version: str) -> str | None:
        if version not in answer.observations or answer.verdict(version) is not Verdict.SKIP:
            return None
        return answer.last(version).reason.replace(version, "")  # uv names what it was asked for

    rows: list[list[str]] = []
    before = None
    for version in order:
        reason = why(version)
        if version in answer.observations:
            if rows and reason is not None and reason == before:
                rows[-1].append(version)
            else:
                rows.append([version])
        before = reason
    return [
        (row[0] if len(row) == 1 else f"{row[0]} ... {row[-1]} ({len(row)})", row[0])
        for row in rows
    ]


def print_causes(finding: Finding, console: Console) -> None:
    """Print whose fault the flips are, and the commits, as far as that was asked."""
    for flip in finding.answer.flips:
        lines = _causes(finding, flip)
        if lines:
            console.print(f"\n{flip.before} to {flip.after}: {lines[0].strip()}", style="bold",
                          markup=False, soft_wrap=True)  # fmt: skip
            _print_lines(lines[1:], console)


def print_observation(seen: Observation, rabbitmq: str, console: Console) -> None:
    """Print all that one probe saw."""
    if seen.output.strip():
        console.print(seen.output.rstrip(), markup=False, style="dim", soft_wrap=True)
    _print_lines(_evidence(seen), console)
    shown = [f"{name} {seen.dependencies[name]}" for name in SHOWN if name in seen.dependencies]
    console.print(", ".join([f"RabbitMQ {rabbitmq}", *shown]), markup=False, style="dim")
    console.print(f"{seen.version}: {seen.verdict.value} ({seen.seconds:.1f} s)", style="bold")


def _print_outputs(answer: Answer, versions: tuple[str, str], console: Console) -> None:
    """What a program wrote for two releases, side by side."""
    table = Table(box=box.SIMPLE_HEAD, expand=True)
    outputs = []
    for version in versions:
        table.add_column(f"{version} wrote", ratio=1, overflow="fold")
        lines = answer.last(version).output.strip().splitlines() or ["(nothing)"]
        more = [f"... {len(lines) - SIDE_BY_SIDE} lines before these"]
        outputs.append(
            escape("\n".join(lines if len(lines) <= SIDE_BY_SIDE else more + lines[-SIDE_BY_SIDE:]))
        )
    table.add_row(*outputs)
    console.print(table)


def _print_lines(lines: Sequence[str], console: Console) -> None:
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def to_markdown(finding: Finding) -> str:
    """Return a finding for pasting into an issue: it stands by itself."""
    answer = finding.answer
    shown = _columns(answer)
    lines = [f"## {_heading(answer)}", ""]
    for sentence in sentences(answer):
        lines += [f"**{sentence}**", ""]
    lines += [line for said in [*in_short(answer), *hints(answer)] for line in (said, "")]
    lines += ["```text", *Strip.of(answer).plain(), "```", "", f"{_circumstances(answer)}.", ""]
    head = ["release", "verdict", "what happened", "seconds", *shown]
    lines += ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for label, version in _rows(answer):
        seen = answer.last(version)
        cells = [
            label,
            answer.verdict(version).value,
            seen.reason.replace("|", "\\|") + _dispute(answer, version),
            f"{seen.seconds:.1f}",
            *(seen.dependencies.get(name, "") for name in shown),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    for flip in answer.flips:
        if answer.program.builtin:
            evidence = _evidence(answer.last(_bad_side(flip)))
            lines += ["", evidence[0].strip(), "", "```text", *evidence[1:], "```"]
        else:
            for version in (flip.before, flip.after):
                output = answer.last(version).output.strip() or "(nothing)"
                lines += ["", f"{version} wrote:", "", "```text", output, "```"]
            if (seen := answer.last(_bad_side(flip))).evidence.get("await_chain"):
                evidence = _evidence(seen)
                lines += ["", evidence[0].strip(), "", "```text", *evidence[1:], "```"]
        if causes := _causes(finding, flip):
            lines += ["", f"**{flip.before} to {flip.after}: {causes[0].strip()}**", ""]
            lines += [f"- {line.strip()}" for line in causes[1:]]
    if line := again(answer):
        lines += ["", f"See a verdict again: `{line}`"]
    return "\n".join(lines) + "\n"


def again(answer: Answer) -> str:
    """Return the command line that shows one verdict again; empty where there is none."""
    version = _bad_side(answer.flips[-1]) if answer.flips else next(iter(answer.probed), "")
    if not version or answer.axis.package != PACKAGE:
        return ""
    return command_line(f"release({version})", *options(answer))


def _causes(finding: Finding, flip: Flip) -> list[str]:
    lines: list[str] = []
    places = [(finding.answer.axis.package, flip.before, flip.after)]
    if blame := finding.blames.get(flip):
        lines += _blame(blame)
        places = [(w.axis.package, *edge) for w in blame.walks for edge in w.edges] or places
    if (inner := finding.commits.get(flip)) is not None:
        lines += _commits(finding.lines[flip], inner)
    else:
        for package, before, after in places:
            if link := commits.compare_link(package, before, after):
                lines.append(f"  what changed in {package}: {link}")
    return lines


def _blame(blame: Blame) -> list[str]:
    lines = [blame.sentence]
    lines += [f"  {name}: {seen.verdict.value}, {seen.reason}" for name, seen in blame.crosses]
    for walk in blame.walks:
        told = sentences(walk.answer) if walk.answer else [
            f"nothing is between {' and '.join(walk.edges[0])}."
        ]  # fmt: skip
        lines += [f"  {walk.axis.package}'s own releases: {sentence}" for sentence in told]
    for name, old, new in blame.differences:
        lines.append(f"  differs: {name} {old or 'not there'} -> {new or 'not there'}")
    return lines


def _commits(line: Sequence[commits.Commit], inner: Answer) -> list[str]:
    known = {commit.hash[:10]: commit for commit in line}
    lines: list[str] = []
    for flip in inner.flips:
        commit = known[flip.after]
        number = f" (pull request {commit.pull_request})" if commit.pull_request else ""
        lines.append(f"  commit {commit.hash[:10]}: {commit.subject}{number}")
        if flip.skipped:
            lines.append(f"  or one of those that cannot be tested: {', '.join(flip.skipped)}")
    return lines or [f"  {sentence}" for sentence in sentences(inner)]


def _evidence(seen: Observation) -> list[str]:
    return evidence_lines(seen.version, seen.reason, seen.evidence)


def evidence_lines(version: str, reason: str, evidence: Mapping[str, Any]) -> list[str]:
    """Say what was seen of a bad release; indented lines belong to the one before them."""
    lines: list[str] = []
    if chain := evidence.get("await_chain"):
        lines += [f"Where {version} hangs, innermost last:", *(f"  {step}" for step in chain)]
    else:
        lines.append(f"What {version} does: {reason}")
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
    seen = [observation.verdict for observation in answer.observations[version]]
    bad, good = seen.count(Verdict.BAD), seen.count(Verdict.GOOD)
    return f" (bad in {bad} of {bad + good} probes)" if bad and good else ""


def _circumstances(answer: Answer) -> str:
    where = answer.circumstances
    day = "each release's day" if where.deps == RELEASE_DAY else where.deps
    deps = f"dependencies as of {day}"
    if answer.axis.resolve is not None:
        deps = f"fresh installs of {answer.axis.held} as of each moment"
    elif answer.axis.package == between.ENVIRONMENT:
        deps = f"distributions as the files say, {answer.axis.held}"
    elif answer.axis.held:
        deps = f"{answer.axis.held} held, {deps}"
    probes = sum(map(len, answer.observations.values()))
    known = f" ({probes - answer.made} of them known already)" if answer.made < probes else ""
    things = "uploads" if answer.axis.resolve is not None else "releases"
    own = where.rabbitmq != NO_BROKER
    rabbitmq = f"RabbitMQ {where.rabbitmq} ({where.rabbitmq_source})" if own else "no RabbitMQ"
    return (
        f"{probes} probes of {len(answer.observations)} of {len(answer.releases)} {things}{known}"
        f" in {answer.seconds:.1f} s; {rabbitmq},"
        f" Python {answer.python}, {deps}; {answer.started:%Y-%m-%d %H:%M} UTC"
    )


def _heading(answer: Answer) -> str:
    return ": ".join(filter(None, (answer.program.as_typed, answer.program.title)))


def _columns(answer: Answer) -> list[str]:
    return [name for name in SHOWN if name != answer.axis.package]


def _bad_side(flip: Flip) -> str:
    return flip.before if flip.from_ is Verdict.BAD else flip.after
