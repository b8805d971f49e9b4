"""What README and docs show is true: command lines, files, links, exit codes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from asv.commands import make_argparser
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bisector import ROOT, commands
from bisector.check import acceptance
from bisector.check.comparison import BENCHMARKS
from bisector.commands import options
from bisector.environments import releases
from bisector.errors import UserError
from bisector.questions import programs
from tests.command import nox, run

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md",
         *sorted((ROOT / "docs").rglob("*.md"))]  # fmt: skip
STAND_INS = {"COMMAND", "its-name"}
"""What a reader puts a name of their own in the place of."""


@dataclass(frozen=True)
class Shown:
    """A line of a page, from the command's name on."""

    page: Path
    line: str
    quick: int | None = None
    """With which exit code it ends, where it is marked to be run."""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.line}"


@dataclass(frozen=True)
class Block:
    """A block of code, and what the comment right before it says of it."""

    text: str
    mark: str = ""
    inline: bool = False


def blocks(page: Path) -> Iterator[Block]:
    """Find code in a page: blocks, and what stands in the middle of a sentence."""
    mark = ""
    for token in tokens(page):
        if token.type in ("fence", "code_block"):
            yield Block(token.content, mark)
        for child in token.children or []:
            if child.type == "code_inline":
                yield Block(child.content, inline=True)
        found = re.fullmatch(r"<!-- (.*) -->\s*", token.content)
        mark = found[1] if token.type == "html_block" and found else ""


@cache
def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def shown() -> Iterator[Shown]:
    """Find all command lines of ours, and asv's."""
    for page in PAGES:
        for block in blocks(page):
            quick = re.fullmatch(r"quick: (\d+)", block.mark)
            code = int(quick[1]) if quick else None
            for line in block.text.splitlines():
                # A sentence may name a command of asv's without what it takes.
                ours = r"\bnox -s .*" if block.inline else r"\bnox -s .*|^asv .*"
                yield from (Shown(page, found, code) for found in re.findall(ours, line))


ALL = list(dict.fromkeys(shown()))


def words_of(line: str) -> list[str]:
    """Split it as a shell does."""
    return shlex.split(line.partition(" && ")[0], comments=True)


@cache
def sessions() -> set[str]:
    """Ask Nox for the sessions that there are."""
    listed = run([*nox(), "--list-sessions"], ROOT).stdout
    return set(re.findall(r"^[*-] (\w+)", listed, re.MULTILINE))


def test_there_is_something_to_try() -> None:
    assert len(ALL) > 60
    assert sum(each.quick is not None for each in ALL) >= 3


@pytest.mark.parametrize("each", ALL, ids=str)
def test_a_command_line_is_understood(each: Shown) -> None:
    assert not trouble(each.line)


@pytest.mark.parametrize("wrong", [
    "nox -s bisekt", "nox -s bisect -- --mapp", "nox -s bisect -- sibling-closed",
    'nox -s "release(0.4.77)"', "nox -s bisect -- --timeout soon", "asv show --nothing",
    "nox -s bisect -- --declare exchange repro.py", 'nox -s check -- --allow "publish:8"',
])  # fmt: skip
def test_one_that_is_wrong_would_be_found(wrong: str) -> None:
    assert trouble(wrong)


def trouble(line: str) -> str:
    """Say what is wrong with a command line; empty where nothing is."""
    try:
        check(line)
    except (UserError, AssertionError) as error:
        return str(error)
    except SystemExit as ended:  # of `--help`, or the parser refuses it
        return "refused by its parser" if ended.code else ""
    return ""


def check(line: str) -> None:
    """Have the real parsers read a command line."""
    words = words_of(line)
    if words[0] == "asv":
        make_argparser()[0].parse_args(words[1:])
        return
    own = words[words.index("--") + 1 :] if "--" in words else []
    names = words[2 : words.index("--")] if "--" in words else words[2:]
    for name in names:
        session, _, argument = name.rstrip(")").partition("(")
        if session in STAND_INS:
            continue
        assert session in sessions(), f"no session {session}"
        if session == "release":
            if argument != "X":
                releases.find(releases.load(), argument)
            check_options("probe", [f"--release={argument}", *own], f"--release={argument}")
        elif session in commands.NAMES:
            check_options(session, own)


def check_options(name: str, words: list[str], *required: str) -> None:
    parser = commands.load(name).parser()
    args = parser.parse_args(words)
    if name in ("bisect", "probe"):
        args = options.with_program(parser, args, *required)
        named = [word for word in args.program if not re.match(r"[A-Za-z_]\w*=", word)]
        # One word that is neither a scenario nor a file is a scenario misspelt.
        assert len(named) != 1 or named[0] in {*programs.names(), *STAND_INS} or "." in named[0], (
            f"no scenario {named[0]}"
        )
        scenario = getattr(args, "scenario", None)
        assert scenario in {None, "all", *programs.names(), *STAND_INS}, f"no scenario {scenario}"
        args.definitions = None  # a reader's own file
        options.needs_of(args).check()
    for text in getattr(args, "allow", []):
        acceptance.parse(text, BENCHMARKS, programs.names())


@pytest.mark.parametrize("each", [each for each in ALL if each.quick is not None], ids=str)
def test_a_quick_one_ends_as_the_page_says(each: Shown, checkout: Path) -> None:
    """Run as a reader would, with the files that the page gives."""
    for block in blocks(each.page):
        if found := re.fullmatch(r"file: (\S+)", block.mark):
            file = checkout / found[1]
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    ended = run([*nox(), *words_of(each.line)[1:]], checkout)
    assert ended.code == each.quick, ended.said


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    """On a code host, too, where no build checks them."""
    for token in tokens(page):
        for child in token.children or []:
            target = str(child.attrs.get("href") or child.attrs.get("src") or "")
            if target and not re.match(r"https?:|#|mailto:", target):
                assert (page.parent / target.partition("#")[0]).exists(), target


def test_the_readme_is_short_and_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    for sessions_ in ("bisect", "tests lint"):
        assert f'\n    python -m pip install "nox[uv]" && nox -s {sessions_}\n' in text


def test_the_table_of_exit_codes_has_what_the_commands_say() -> None:
    text = (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    rows = {
        cells[0].strip("` "): {code for code, cell in enumerate(cells[1:6]) if cell.strip()}
        for line in text.splitlines()
        if len(cells := line.strip("|").split("|")) == 6
    }
    for name in commands.NAMES:
        described = commands.load(name).parser().description or ""
        told = described.partition("Exit codes:")[2]
        codes = {int(code) for code in re.findall(r"\b([0-4]) [(a-z]", told)}
        assert codes <= rows['"release(X)"' if name == "probe" else name], name
