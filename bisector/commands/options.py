"""Options that several commands share, and where their output goes."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

from rich.console import Console

from bisector import environments, probe, programs
from bisector.display import console_for
from bisector.errors import UserError


def parser_for(session: str, text: str) -> argparse.ArgumentParser:
    """Return a parser with what every command knows."""
    parser = argparse.ArgumentParser(
        prog=f"nox -s {session} --", description=text, allow_abbrev=False
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


def add_environment(parser: argparse.ArgumentParser) -> None:
    """Add the options that make up a release's environment."""
    group = parser.add_argument_group("the environment of a release")
    environments.add_arguments(group)
    group.add_argument(
        "--with", dest="with_", action="append", default=[], metavar="NAME==VERSION",
        help="hold a dependency (or, with --package, FastStream) at a version; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--requires", action="append", default=[], metavar="PKG",
        help="what the program itself needs; changes nothing of what the release resolves to",
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
        "--timeout-is", choices=(probe.BAD, probe.SKIP, probe.ABORT), default=probe.BAD,
        help="what a hang is (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--match", type=regex, metavar="REGEX",
        help="bad is what writes this, good what ends with 0 without it; all else is a skip",
    )  # fmt: skip


def with_program(
    parser: argparse.ArgumentParser, args: argparse.Namespace, *required: str
) -> argparse.Namespace:
    """Let options follow a built-in scenario; what follows a path belongs to the program.

    Args:
        required: options that the parser insists on.
    """
    words = args.program
    if words and words[0] in programs.names():
        args = parser.parse_args([*required, *words[1:]], args)
        if args.program:
            raise UserError(f"the scenario {words[0]} takes no arguments: {' '.join(args.program)}")
        args.program = words[:1]
    return args


def default_jobs() -> int:
    """More than the processors: while one release waits for its deadline, another works."""
    return min((os.cpu_count() or 1) + 2, 8)


def rules_of(args: argparse.Namespace, program: programs.Program) -> probe.Rules:
    """Return how a program's end is read."""
    return probe.Rules(args.timeout or program.timeout, args.timeout_is, args.match)


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


def write(file: str | None, text: str) -> None:
    """Write to a file, to standard output (`-`), or nowhere (None)."""
    if file == "-":
        sys.stdout.write(text)
    elif file:
        Path(file).write_text(text, encoding="utf-8")
