"""asv, which times one release after the other, and the gate must say the same of two releases."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.command import TOOL, copied, run

ASV = [sys.executable, "-m", "asv"]
FACTOR = "1.5"
"""By what factor asv calls something changed: the noise of a machine that does other work, too, is
below it."""


@pytest.fixture(scope="module")
def project(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy for asv to write into."""
    return copied(checkout, tmp_path_factory.mktemp("agreement") / "project")


def test_asv_continuous_and_the_gate_agree(project: Path, own_url: str) -> None:
    timed = run(
        [*ASV, "continuous", "0.5.0", "0.4.7", "--bench", "SiblingCloseRatio",
         "--factor", FACTOR],
        project, AMQP_URL=own_url,
    )  # fmt: skip
    gate = run(
        [*TOOL, "check", "0.4.7", "--baseline", "0.5.0", "--no-situations", "--json", "-"],
        project, AMQP_URL=own_url,
    )  # fmt: skip
    assert (timed.code, gate.code) == (1, 1), timed.said + gate.said
    rows = [line for line in timed.stdout.splitlines() if "SiblingCloseRatio.track_time(" in line]
    assert rows, timed.stdout
    assert all("('after', 'named', " in row for row in rows), timed.stdout
    judged = {b["scenario"]: b["judgement"] for b in json.loads(gate.stdout)["behaviours"]}
    assert judged["sibling-close"] == "worse"
