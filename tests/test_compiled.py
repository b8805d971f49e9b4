"""Byte code is shared between environments that hold the very same files, and no others."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from pathlib import Path

from bisector.environments import compiled

TEXT = "import sys\n\ndef where():\n    return sys._getframe().f_code.co_filename\n"


def environment(folder: Path, text: str = TEXT, digest: str = "aa") -> Path:
    """Make an environment with one distribution; all files are as old as each other."""
    site = folder / "lib" / "python3.11" / "site-packages"
    (site / "thing" / "sub").mkdir(parents=True)
    (site / "thing-1.0.dist-info").mkdir()
    for name in ("thing/__init__.py", "thing/sub/part.py"):
        (site / name).write_text(text)
        os.utime(site / name, (1_600_000_000, 1_600_000_000))
    (site / "thing-1.0.dist-info" / "RECORD").write_text(
        f"thing/__init__.py,sha256={digest},10\nthing/sub/part.py,sha256=bb,20\n"
        f"../../../bin/thing.py,sha256={folder.name},5\nthing-1.0.dist-info/RECORD,,\n"
    )
    return site


def byte_code(site: Path) -> list[str]:
    return sorted(str(path.relative_to(site)) for path in site.rglob("*.pyc"))


def test_what_was_compiled_is_not_compiled_again(tmp_path: Path) -> None:
    store, first, second = (tmp_path / name for name in ("store", "first", "second"))
    old, new = environment(first), environment(second)
    compiled.share(first, store)
    for name in ("thing/__init__.py", "thing/sub/part.py"):
        py_compile.compile(str(old / name))
    compiled.share(second, store)
    assert byte_code(new) == byte_code(old) != []
    told = subprocess.run(
        [sys.executable, "-v", "-c", "import thing; print(thing.where())"],
        env={"PYTHONPATH": str(new), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "__pycache__/__init__" in told.stderr
    assert f"code object from {new / 'thing' / '__init__.py'}" not in told.stderr.replace("'", "")
    assert told.stdout.strip() == str(new / "thing" / "__init__.py")  # not where it was compiled


def test_other_files_of_the_same_version_get_nothing(tmp_path: Path) -> None:
    """Two wheels of one version, as checkouts build them: of the same size and time of change."""
    store, first, second = (tmp_path / name for name in ("store", "first", "second"))
    old = environment(first)
    new = environment(second, TEXT.replace("where", "there"), digest="cc")
    compiled.share(first, store)
    py_compile.compile(str(old / "thing/__init__.py"))
    compiled.share(second, store)
    assert byte_code(new) == []


def test_one_that_was_never_run_or_has_gone_is_replaced(tmp_path: Path) -> None:
    store = tmp_path / "store"
    sites = {name: environment(tmp_path / name) for name in ("one", "two", "three", "four")}
    compiled.share(tmp_path / "one", store)
    compiled.share(tmp_path / "two", store)  # the first one has nothing yet
    py_compile.compile(str(sites["two"] / "thing/__init__.py"))
    compiled.share(tmp_path / "three", store)
    assert len(byte_code(sites["three"])) == 1
    (tmp_path / "two").rename(tmp_path / "away")
    compiled.share(tmp_path / "four", store)
    assert byte_code(sites["four"]) == []
