"""The command line: `python -m bisector COMMAND`, which the Nox sessions call."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Coroutine
from typing import Any

from rich.console import Console

from bisector import commands
from bisector.environments import builder, keeping
from bisector.errors import TROUBLE, UNSURE, WRONG_USE, OutsideError, UnsureError, UserError

_stopped_by = 0
"""The signal that ended us, once one has."""


def main() -> int:
    """Run a command; returns its exit code."""
    builder.connect()
    parser = argparse.ArgumentParser(prog="bisector")
    parser.add_argument("command", choices=commands.NAMES)
    name = parser.parse_args(sys.argv[1:2]).command
    command = commands.load(name)
    args = command.parser().parse_args(sys.argv[2:])
    try:
        with contextlib.nullcontext() if name == "clean" else keeping.in_use():
            return asyncio.run(_interruptible(command.run(args)))
    except UserError as error:
        return _end(WRONG_USE, str(error))
    except UnsureError as error:
        return _end(UNSURE, str(error))
    except OutsideError as error:
        return _end(TROUBLE, str(error), error.details if args.verbose else "")
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return TROUBLE
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            line = "the disk is full: make room and run it again, what is known is kept"
        else:
            line = f"{error.filename or 'the system'}: {error.strerror or error}"
        return _end(TROUBLE, line, traceback.format_exc() if args.verbose else "")
    except Exception:  # a fault of ours; Python's own exit code would be 1, an answer
        traceback.print_exc()
        return TROUBLE
    except (KeyboardInterrupt, asyncio.CancelledError):
        signum = _stopped_by or signal.SIGINT
        kept = "; what is known is kept, run it again to go on"
        return _end(128 + signum, "stopped" + kept * commands.goes_on(name, args))


def _end(code: int, line: str, details: str = "") -> int:
    console = Console(stderr=True, highlight=False)
    if details:
        console.print(details, markup=False, style="dim", soft_wrap=True)
    console.print(line, markup=False, style="bold", soft_wrap=True)
    return code


async def _interruptible(command: Coroutine[Any, Any, int]) -> int:
    """Run a command so that Ctrl-C, SIGTERM and our parent's death end it in order."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()

    def stop(signum: int) -> None:
        global _stopped_by  # noqa: PLW0603
        if not _stopped_by:  # once is enough: a second one must not disturb the tidying up
            _stopped_by = signum
            task.cancel()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for signum in signals:
        if signal.getsignal(signum) is not signal.SIG_IGN:  # as `nohup` asks for
            loop.add_signal_handler(signum, stop, signum)
    # The noxfile starts us with these held back.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    threading.Thread(target=_watch_parent, daemon=True).start()
    return await command


def _watch_parent() -> None:
    """End with Nox: whoever kills it, even by SIGKILL, means us too."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
