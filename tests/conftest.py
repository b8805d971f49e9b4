"""A checkout of its own for the tests that run the real commands."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bisector import ROOT, rabbitmq

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So it is in the background of a shell script; the commands under test would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project, as a clone would have it: no environments, no journal."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    target = tmp_path_factory.mktemp("checkout") / "project"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


@pytest.fixture(scope="session")
def own_url() -> Iterator[str]:
    """A broker that stays up, for those who bring their own."""
    server: rabbitmq.Server | None = None

    async def start() -> rabbitmq.Server:
        return await (await rabbitmq.find(lambda _text: None)).start()

    server = asyncio.run(start())
    yield server.url
    asyncio.run(server.stop())


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine's user has set must not decide a test."""
    for name in os.environ:
        if name in ("AMQP_URL", "AMQP_URLS", "NO_COLOR", "FORCE_COLOR") or name.startswith("NOX"):
            monkeypatch.delenv(name)
