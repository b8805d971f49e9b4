"""What a person sees in a terminal while a command runs."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

from tests.command import RANGE, TOOL


def test_a_terminal_shows_what_is_done_now_and_what_is_known(checkout: Path, own_url: str) -> None:
    ours, theirs = pty.openpty()
    # One after the other, so that it is open for a while where it flips.
    command = [*TOOL, "bisect", *RANGE, "--fresh", "--no-blame", "--jobs", "1"]
    environ = {**os.environ, "AMQP_URL": own_url, "TERM": "xterm-256color", "COLUMNS": "160"}
    with subprocess.Popen(
        command, cwd=checkout, env=environ,
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
    ) as running:  # fmt: skip
        os.close(theirs)
        seen = b""
        while True:
            try:
                seen += os.read(ours, 65536)
            except OSError:  # so a terminal ends on Linux
                break
    os.close(ours)
    assert running.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode(errors="replace"))
    assert re.search(r"0\.\d\.\d+\S*\s+probing\s+\d+ s", text)  # the live table
    assert re.search(r"0\.4\.5\s+bad\s", text)
    assert re.search(
        r"0\.4\.5 [x+~?\u00b7]*\?[x+~?\u00b7]* 0\.5\.1", text
    )  # the line, as it gets on
    assert re.search(r"\u2514\u2500+\u2518", text)  # where it has to flip
    assert "neighbours: probing both again" in text
    assert "Fixed in 0.5.0rc0" in text
    assert re.search(r"0\.4\.5 x[x+~\u00b7]* 0\.5\.1\s+\^ fixed in 0\.5\.0rc0", text)  # it stays
    assert b"\x1b[?25h" in seen  # the cursor is back
