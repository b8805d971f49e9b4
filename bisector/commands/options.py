"""Options that several commands share, and where their output goes."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from rich.console import Console

from bisector import INSTALLED, command_line
from bisector.environments import recipes
from bisector.environments.releases import PACKAGE
from bisector.errors import UserError
from bisector.isolation import needs
from bisector.questions import cost, ending, programs
from bisector.rabbitmq import offers
from bisector.telling.terminal import console_for

MINUTES, HISTORY_MINUTES = 20, 45
"""How long a search for steps of a cost may take, of one or of all, unless told otherwise."""


class _Parser(argparse.ArgumentParser):
    """Takes `--number` with or without a value, and never the next word for one."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        words = sys.argv[1:] if args is None else args
        return super().parse_known_args(
            ["--number=" if word == "--number" else word for word in words], namespace
        )


def parser_for(session: str, text: str) -> argparse.ArgumentParser:
    """Return a parser with what every command knows."""
    parser = _Parser(
        prog=command_line(session) + ("" if INSTALLED else " --"),
        description=text,
        allow_abbrev=False,
    )
    parser.add_argument("--verbose", action="store_true", help="after an error, show all of it")
    return parser


def seconds(text: str) -> float:
    """Read a time from the command line."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def share(text: str) -> float:
    """Read a probability from the command line."""
    value = float(text)
    if not 0 < value < 1:
        raise ValueError
    return value


def regex(text: str) -> str:
    """Read a regular expression from the command line."""
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None
    return text


def count(text: str) -> int:
    """Read a number of things, at least one, from the command line."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def part(text: str) -> float:
    """Read a change, as 5% or 0.05, from the command line."""
    value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 < value < 1:
        raise ValueError
    return value


def add_cost(parser: argparse.ArgumentParser) -> None:
    """Add the options of the question which release made something slower."""
    group = parser.add_argument_group("what got slower, instead of what broke")
    group.add_argument(
        "--cost", metavar="NAME", help="a benchmark by name, or `all` of them; --list shows them"
    )
    group.add_argument(
        "--number", metavar="[=REGEX]",
        help="PROGRAM prints a number, and less is better: the last number, or the group of the"
        " last match (`--number='took ([0-9.]+) ms'`)",
    )  # fmt: skip
    group.add_argument(
        "--least", type=part, default=0.05, metavar="PART",
        help="the smallest step worth finding, as 5%% or 0.05 (default: 5%%)",
    )  # fmt: skip
    group.add_argument(
        "--higher-is-better", action="store_true", help="of the number that PROGRAM prints"
    )


def cost_asked(args: argparse.Namespace) -> bool:
    """Whether cost is asked about.

    Raises:
        UserError: together with options that are of behaviour only.
    """
    asked = [f"--{name}" for name in ("cost", "number") if getattr(args, name) is not None]
    if not asked:
        return False
    if len(asked) > 1:
        raise UserError("--cost is a benchmark of ours, --number a program of yours: choose one")
    of_behaviour = ("map", "flaky", "figure", "scenario", "match", "until", "alive")
    for name in of_behaviour:
        if getattr(args, name):
            raise UserError(f"--{name} asks what a release does, {asked[0]} what it costs")
    if args.cost is not None:
        cost.benchmarks(args.cost)
        if args.program:
            raise UserError("--cost is a benchmark of ours: a program of yours takes --number")
    elif not args.program or args.program[0] in programs.names():
        raise UserError("--number needs a program of yours that prints a number")
    elif args.number:
        cost.check_pattern(regex(args.number))
    return True


def add_environment(parser: argparse.ArgumentParser) -> None:
    """Add the options that make up a release's environment."""
    group = parser.add_argument_group("the environment of a release")
    recipes.add_arguments(group)
    add_rabbitmq(group)
    recipes.add_extra(group)
    group.add_argument(
        "--with", dest="with_", action="append", default=[], metavar="NAME==VERSION",
        help="hold a dependency (or, with --along, FastStream) at a version; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--requires", action="append", default=[], metavar="PKG",
        help="what the program itself needs; changes nothing of what the release resolves to",
    )  # fmt: skip
    group.add_argument(
        "--requirements", action="append", default=[], type=Path, metavar="FILE",
        help="likewise, all that a requirements file names; repeatable",
    )  # fmt: skip


def requires_of(args: argparse.Namespace) -> tuple[str, ...]:
    """Return what `--requires` and `--requirements` name.

    Raises:
        UserError: a requirements file cannot be read, or holds more than requirements.
    """
    named = requirements_in(args.requirements)
    return (
        *args.requires,
        *(text for text in named if canonicalize_name(Requirement(text).name) != PACKAGE),
    )  # FastStream is what varies


def requirements_in(files: Sequence[Path]) -> tuple[str, ...]:
    """Return what requirements files name.

    Raises:
        UserError: one cannot be read, or holds more than requirements.
    """
    found = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"--requirements {file}: {error}") from None
        for number, line in enumerate(text.splitlines(), 1):
            wanted = line.partition(" #")[0].strip()
            if not wanted or wanted.startswith("#"):
                continue
            try:
                Requirement(wanted)
            except InvalidRequirement as error:
                raise UserError(
                    f"--requirements {file}, line {number}: not a requirement ({error});"
                    " options and local files are not read"
                ) from None
            found.append(wanted)
    return tuple(found)


def add_rabbitmq(parser: argparse._ActionsContainer) -> None:
    """Add the option that says which RabbitMQ to take."""
    parser.add_argument(
        "--rabbitmq", type=offers.version, metavar="VERSION",
        help="the newest RabbitMQ that is so: 4, 4.3, 3.10.8 or newest; brought where it is not"
        " installed (default: what is found first)",
    )  # fmt: skip


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a probe's end is read."""
    group = parser.add_argument_group("how to read a probe")
    group.add_argument(
        "--timeout", type=seconds, metavar="SECONDS",
        help="without an answer by then it hangs (default:"
        f" {programs.PROGRAM_TIMEOUT:g}, built-in scenarios {programs.SCENARIO_TIMEOUT:g})",
    )  # fmt: skip
    group.add_argument(
        "--timeout-is", choices=(ending.BAD, ending.SKIP, ending.ABORT), default=ending.BAD,
        help="what a hang is (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--match", type=regex, metavar="REGEX",
        help="bad is what writes this, good what ends with 0 without it; all else is a skip",
    )  # fmt: skip
    group.add_argument(
        "--unimportable", choices=(ending.BAD, ending.SKIP),
        help="what a release that does not import is (default: skip; along days: bad)",
    )  # fmt: skip
    group.add_argument(
        "--until", type=regex, metavar="REGEX",
        help="good as soon as it has written this; then it is ended",
    )  # fmt: skip
    group.add_argument(
        "--alive", type=seconds, metavar="SECONDS",
        help="for programs that never end: bad when silent for so long, in what it writes and in"
        " what RabbitMQ hears from it; good when still alive at the deadline",
    )  # fmt: skip


def add_needs(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a program of the user's needs to find."""
    group = parser.add_argument_group("what a program of yours needs to find")
    group.add_argument(
        "--declare", action="append", default=[], metavar="WHAT",
        help="there before each probe: exchange:NAME, exchange:NAME:topic, queue:NAME or"
        " binding:EXCHANGE:QUEUE:KEY; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--definitions", type=Path, metavar="FILE",
        help="likewise, what RabbitMQ's own export of definitions holds: exchanges, queues,"
        " bindings, policies",
    )  # fmt: skip
    group.add_argument(
        "--url-as", action="append", default=[], metavar="NAME",
        help="the variable that it reads its broker's URL from, beside AMQP_URL; or a part of it,"
        f" as host=RABBIT_HOST ({', '.join(needs.PARTS)}); repeatable",
    )  # fmt: skip
    group.add_argument(
        "--at", default="", metavar="PORT|URL",
        help="where on this machine it dials, other than guest at localhost:5672, as a port or as"
        " amqp://user:password@localhost:5672/vhost",
    )  # fmt: skip
    group.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE",
        help="a variable that it finds set; repeatable",
    )  # fmt: skip


def needs_of(args: argparse.Namespace) -> needs.Needs:
    """Return what a program needs to find."""
    return needs.Needs(
        tuple(args.declare),
        needs.read_definitions(args.definitions) if args.definitions else "",
        tuple(args.url_as),
        tuple(args.env),
        args.at,
    )


def with_program(
    parser: argparse.ArgumentParser, args: argparse.Namespace, *required: str
) -> argparse.Namespace:
    """Let options follow a built-in scenario; what follows a path belongs to the program.

    Args:
        required: options that the parser insists on.
    """
    words = args.program = ["--number" if word == "--number=" else word for word in args.program]
    if words and words[0] in programs.names():
        args = parser.parse_args([*required, *words[1:]], args)
        if args.program:
            raise UserError(f"the scenario {words[0]} takes no arguments: {' '.join(args.program)}")
        args.program = words[:1]
    elif ours := [w for w in words[1:] if w.partition("=")[0] in parser._option_string_actions]:
        print(
            f"{' '.join(ours)}: goes to the program, like all that follows it;"
            " options of ours go before it",
            file=sys.stderr,
        )
    return args


def days(text: str) -> float:
    """Read an age from the command line."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError
    return value


def chosen(words: Sequence[str], known: Sequence[str]) -> set[str]:
    """Return the words.

    Raises:
        UserError: one of them is not known.
    """
    for word in words:
        if word not in known:
            raise UserError(f"{word}: there is no such kind; there are: {', '.join(known)}")
    return {*words}


def default_jobs() -> int:
    """More than the processors: while one release waits for its deadline, another works."""
    return min((os.cpu_count() or 1) + 2, 8)


def rules_of(args: argparse.Namespace, program: programs.Program) -> ending.Rules:
    """Return how a program's end is read.

    Raises:
        UserError: the rules contradict each other.
    """
    rules = ending.Rules(
        args.timeout or program.timeout, args.timeout_is, args.match, args.until, args.alive,
        args.unimportable or ending.SKIP,
    )  # fmt: skip
    if rules.alive is not None and rules.alive >= rules.timeout:
        raise UserError(
            f"--alive {rules.alive:g} is not shorter than the deadline of {rules.timeout:g} s: it"
            f" could never be seen silent; give --timeout {3 * rules.alive:g}"
        )
    return rules


def console_with(outputs: dict[str, str | None]) -> Console:
    """Choose where a person reads, once it is sure that all files can be written."""
    if list(outputs.values()).count("-") > 1:
        raise UserError(f"only one of {', '.join(outputs)} can go to standard output")
    for option, file in outputs.items():
        _check_writable(option, file)
    return console_for(stderr="-" in outputs.values())


def _check_writable(option: str, file: str | None) -> None:
    """Refuse at once what could not be written after all the work."""
    if file and file != "-":
        path = Path(file)
        if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            raise UserError(f"{option} {file}: there is no such folder, or it is not writable")


def check_folder(option: str, folder: str) -> None:
    """Refuse at once a folder that could not be made or written to."""
    path = Path(folder)
    there = path if path.exists() else path.parent
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise UserError(f"{option} {folder}: it cannot be made there, or is not writable")


def write(file: str | None, text: str) -> None:
    """Write to a file, to standard output (`-`), or nowhere (None)."""
    if file == "-":
        sys.stdout.write(text)
    elif file:
        Path(file).write_text(text, encoding="utf-8")
