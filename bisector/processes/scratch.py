"""A folder for files that matter only to this process, and that go with it, however it ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Whoever still writes there is being ended, too.
_JANITOR = 'cat; for _ in 1 2 3 4 5; do rm -rf "$1" && break; sleep 1; done'


@contextlib.contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """Make a folder, and have all temporary files in it meanwhile.

    A process that waits for our end removes it, should even SIGKILL be what ends us.
    """
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    folder = tempfile.mkdtemp(prefix=prefix)
    waits, held = os.pipe()  # which no program that we start inherits
    janitor = subprocess.Popen(
        ["/bin/sh", "-c", _JANITOR, "sh", folder],
        stdin=waits,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    os.close(waits)
    try:
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        yield Path(folder)
    finally:
        tempfile.tempdir = before
        os.environ.pop("TMPDIR")
        if variable is not None:
            os.environ["TMPDIR"] = variable
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)
        janitor.wait()
