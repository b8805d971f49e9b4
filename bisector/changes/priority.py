"""What to look at first: choices that have to do with the code that is not the same.

It only orders.  What is written otherwise on the two sides hints at what behaves otherwise, and
where time is short, that is better looked at first.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from bisector.changes import sources
from bisector.changes.grammar import Choice, Dimension
from bisector.environments.recipes import Environment

_WORD = re.compile(r"[A-Za-z]{3,}")


def changed_words(old: Environment, new: Environment) -> set[str]:
    """Return the words of all lines of FastStream's source that only one side has."""
    return words_between(*(root(environment) for environment in (old, new)))


def words_between(old: Path, new: Path) -> set[str]:
    """Return the words of all lines that only one of two folders of sources has."""
    before, after = _sources(old), _sources(new)
    words: set[str] = set()
    for name in {**before, **after}:
        was, is_ = before.get(name, ""), after.get(name, "")
        if was == is_:
            continue
        words |= {*words_of(name)}
        for line in difflib.unified_diff(was.splitlines(), is_.splitlines(), n=0):
            if line.startswith(("+", "-", "@@")):
                words |= {*words_of(line)}
    return words


def order(
    dimensions: Sequence[Dimension], words: Collection[str]
) -> Callable[[Sequence[Choice]], float]:
    """Return a key by which choices are sorted: those that share rare words come first."""
    choices = [c for d in dimensions for c in d.choices]
    own = {c: {*words_of(" ".join([c.id, *(v for values in c.slots.values() for v in values)]))}
           for c in choices}  # fmt: skip
    spread = Counter(word for told in own.values() for word in told)

    def key(some: Sequence[Choice]) -> float:
        shared = {word for c in some for word in own.get(c, ()) if word in words}
        return -sum(1 / spread[word] for word in shared)

    return key


def root(environment: Environment) -> Path:
    """Return the folder of FastStream's sources."""
    (folder,) = environment.path.glob("lib/python*/site-packages/faststream")
    return folder


def _sources(root: Path) -> dict[str, str]:
    return {
        file.relative_to(root).as_posix(): file.read_text(encoding="utf-8", errors="replace")
        for file in sources.files(root)
    }


def words_of(text: str) -> list[str]:
    """Return the words of a text, and of its names: `AckPolicy` and `ack_policy` are two words."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", text)
    return [word.lower() for word in _WORD.findall(apart)]
