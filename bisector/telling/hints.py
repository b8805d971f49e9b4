"""What a person should be told beside an answer about a program of theirs: what it may lack."""

from __future__ import annotations

import re

from bisector import command_line
from bisector.bisection.answer import Answer
from bisector.environments import releases
from bisector.environments.releases import PACKAGE
from bisector.questions.behaviour import UNIMPORTABLE, Observation
from bisector.questions.ending import ALIVE, BAD, BUSY, HANG
from bisector.search.exact import Verdict

_MISSING = re.compile(r"NOT_FOUND - no (exchange|queue) '([^']+)'")
_SHOWN = 6
"""How many releases a line names."""
_UNSET = re.compile(r"KeyError: '(\w*(?:AMQP|RABBIT|BROKER|MQ)\w*)'")
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


def hints(answer: Answer) -> list[str]:
    """Return lines, each of which stands by itself; none where nothing is to be said."""
    told = _unimportable(answer)
    if answer.program.builtin:
        return told
    seen = [answer.last(r.version) for r in answer.releases if answer.observations.get(r.version)]
    tested = [o for o in seen if answer.verdict(o.version) is not Verdict.SKIP]
    bad = [o for o in tested if answer.verdict(o.version) is Verdict.BAD]
    if answer.endless:
        told.append(
            "It never ends: told apart by whether it, and RabbitMQ, go on hearing of it"
            f" (bad: silent for the last {answer.rules.quiet:.3g} s of {answer.rules.timeout:g})."
        )
    if bad and not answer.flips and len(bad) == len(tested):
        told += _bad_everywhere(answer, bad)
    if tested and not told and all(o.evidence.get("connections") == 0 for o in tested):
        told.append("It never connected to a RabbitMQ: the verdicts stand, if it needs none.")
    return told


def _unimportable(answer: Answer) -> list[str]:
    left_out = [
        version
        for version in answer.probed
        if answer.verdict(version) is Verdict.SKIP and answer.last(version).outcome == UNIMPORTABLE
    ]
    if not left_out:
        return []
    some = ", ".join(left_out[:_SHOWN])
    more = f" and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
    line = f"Skipped, for they do not import: {some}{more} (--unimportable bad counts them as bad)."
    return [line]


def _bad_everywhere(answer: Answer, bad: list[Observation]) -> list[str]:
    lacking = [_missing(o) for o in bad]
    if common := sorted(set.union(*lacking)):
        options = [f"--declare={kind}:{name}" for kind, name in common]
        words = " and ".join(f"{kind} {name!r}" for kind, name in common)
        where = "everywhere" if all(lacking) else f"in {sum(map(bool, lacking))} of {len(lacking)}"
        line = command("bisect", answer, *options)
        return [f"It fails {where} for want of {words}. To have it there: {line}"]
    if name := _variable(bad):
        line = command("bisect", answer, f"--url-as={name}")
        return [f"It reads {name}, which is not set. To have its RabbitMQ's URL there: {line}"]
    ends = {o.outcome for o in bad}
    if ends <= {HANG, ALIVE, BUSY}:
        return [_never_ends(answer, ends)]
    if len(bad) > 1 and len({_failure(o) for o in bad}) == 1:
        return ["It fails the same way everywhere: is it the script, or a thing it needs?"]
    return []


def _variable(bad: list[Observation]) -> str | None:
    """The variable that a program reads its broker's URL from, by its name, if it lacks one."""
    found = {_UNSET.search(o.output) for o in bad}
    names = {match[1] for match in found if match}
    return names.pop() if None not in found and len(names) == 1 else None


def _never_ends(answer: Answer, ends: set[str]) -> str:
    if ends == {ALIVE}:
        return (
            "It never ends, and was alive at the deadline everywhere: let it end when it works, or"
            " say what it writes then with --until REGEX; where it falls silent later, give it"
            f" longer with --timeout {4 * answer.rules.timeout:g}"
        )
    if ends == {BUSY}:
        return (
            "It was still computing at the deadline everywhere: give it longer, as with"
            f" --timeout {4 * answer.rules.timeout:g}"
        )
    return (
        "It was silent at the deadline everywhere: let it write something, or end, when it works;"
        f" or give it longer, as with --timeout {4 * answer.rules.timeout:g}"
    )


def command(session: str, answer: Answer, *more: str) -> str:
    """Return a command line about the same program, ready to be pasted."""
    return command_line(session, *_range(answer), *more, *options(answer))


def options(answer: Answer) -> list[str]:
    """The options and words that ask about the same program in the same way."""
    program, rules = answer.program, answer.rules
    words = [program.name, *([] if program.builtin else program.arguments[1:])]
    return [
        *answer.axis.options,
        *program.needs.options(),
        *([] if rules.timeout == program.timeout else [f"--timeout={rules.timeout:g}"]),
        *([] if rules.timeout_is == BAD else [f"--timeout-is={rules.timeout_is}"]),
        *([] if rules.match is None else [f"--match={rules.match}"]),
        *([] if rules.until is None else [f"--until={rules.until}"]),
        *([f"--unimportable={BAD}"] if rules.unimportable == BAD else []),
        *([] if rules.alive is None else [f"--alive={rules.alive:g}"]),
        *words,
    ]


def _range(answer: Answer) -> list[str]:
    if answer.axis.package != PACKAGE:
        return []
    known = [release.version for release in releases.load()]
    first, last = answer.releases[0].version, answer.axis.end or answer.releases[-1].version
    return [
        *([] if first == known[0] else [f"--from={first}"]),
        *([] if last == known[-1] else [f"--to={last}"]),
    ]


def _missing(seen: Observation) -> set[tuple[str, str]]:
    complaints: list[str] = seen.evidence.get("complaints", [])
    return set(_MISSING.findall("\n".join([*complaints, seen.output])))


def _failure(seen: Observation) -> tuple[str, tuple[str, str] | None]:
    """The last line of a failure, and the last place in the program's own files."""
    own = [
        f for f in _FRAME.findall(seen.output) if not re.search(r"site-packages|/lib/python", f[0])
    ]
    return seen.reason, own[-1] if own else None
