"""FastStream, changed on purpose: some of the table in `tests.mutations`, looked at briefly."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bisector.changes import sources
from bisector.environments import recipes, releases
from bisector.environments.building import install
from tests.mutations import MUTATIONS, VERSION, find, mutate

SECONDS = 12.0
SOME = ("ack forgets `multiple`", "the publisher's headers win")


@pytest.fixture(scope="module")
def installed() -> Path:
    """FastStream's sources, in the release that is changed."""
    environment = recipes.of(releases.find(releases.load(), VERSION))
    asyncio.run(install(environment))
    (found,) = environment.path.glob("lib/python*/site-packages/faststream")
    return found


def test_there_are_thirty_of_them_and_each_is_one_line_that_stands_there(installed: Path) -> None:
    assert len(MUTATIONS) >= 30
    assert len({m.what for m in MUTATIONS}) == len(MUTATIONS)
    for mutation in MUTATIONS:
        assert mutation.old in (installed / mutation.file).read_text(encoding="utf-8"), mutation
        assert mutation.old != mutation.new


@pytest.mark.parametrize("number", range(0, len(MUTATIONS), 8))
def test_which_functions_differ_is_seen(installed: Path, tmp_path: Path, number: int) -> None:
    mutate(installed, tmp_path / "faststream", MUTATIONS[number])
    differing = sources.changed(installed, tmp_path / "faststream")
    assert MUTATIONS[number].file in {path for path, _ in differing}
    assert len(differing) < 40
    assert not sources.changed(installed, installed)


def test_some_are_found_in_a_short_look() -> None:
    found = asyncio.run(find([m for m in MUTATIONS if m.what in SOME], SECONDS))
    assert len(found) == len(SOME)
    assert all(found)
