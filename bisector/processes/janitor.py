"""A process that removes a folder when those who hold it have ended, however they ended."""

from __future__ import annotations

import os
import shutil
import subprocess

SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
"""Where the system's own programs are; our PATH may lack them."""
# Whoever still writes there is being ended, too.
_PROGRAM = 'cat; for _ in 1 2 3 4 5; do rm -rf "$1" && break; sleep 1; done'


def janitor(folder: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start one; it removes the folder as soon as nobody has the returned descriptor open.

    A process that inherits the descriptor holds the folder, too, whether or not we are still there.

    Raises:
        OSError: it cannot be started; the folder is gone then.
    """
    waits, held = os.pipe()  # which no program inherits that is not given it
    try:
        return subprocess.Popen(
            ["/bin/sh", "-c", _PROGRAM, "sh", folder],
            env={"PATH": SYSTEM_PATH},
            stdin=waits,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        ), held
    except BaseException:
        os.close(held)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.close(waits)
