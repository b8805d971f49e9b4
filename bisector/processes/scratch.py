"""A folder for files that matter only to this process, and that go with it, however it ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bisector.processes.janitor import janitor


@contextlib.contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """Make a folder, and have all temporary files in it meanwhile.

    A process that waits for our end removes it, should even SIGKILL be what ends us.
    """
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    folder = tempfile.mkdtemp(prefix=prefix)
    remover, held = janitor(folder)
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
        remover.wait()
