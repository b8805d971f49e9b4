"""Releases: the snapshot, the index that is asked, ranges by version and by date."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from bisector.environments import releases
from bisector.environments.releases import Release
from bisector.errors import OutsideError, UserError

DAY = datetime(2024, 1, 1, tzinfo=timezone.utc)


def make(*versions: str, yanked: str = "") -> list[Release]:
    ordered = sorted(versions, key=Version)
    return [
        Release(v, DAY + timedelta(days=n), yanked="broken" if v == yanked else None)
        for n, v in enumerate(ordered)
    ]


HISTORY = make("0.1.0", "0.2.0rc0", "0.2.0", "0.2.1", "0.10.0a1", "0.10.0")


def versions(found: list[Release]) -> list[str]:
    return [release.version for release in found]


def test_the_committed_snapshot_is_whole_and_in_order() -> None:
    known = releases.load()
    assert len(known) >= 127
    assert versions(known) == sorted(versions(known), key=Version)
    assert len(set(versions(known))) == len(known)
    assert all(release.uploaded.tzinfo for release in known)
    assert any(not release.stable for release in known)


@given(
    st.lists(
        st.builds(
            Release,
            version=st.builds("{}.{}.{}{}".format, *[st.integers(0, 30)] * 3,
                              st.sampled_from(["", "rc1", "a2", ".dev3", ".post1"])),
            uploaded=st.datetimes(timezones=st.just(timezone.utc),
                                  min_value=datetime(2015, 1, 1), max_value=datetime(2035, 1, 1)),  # noqa: DTZ001
            requires_python=st.none() | st.just(">=3.8"),
            yanked=st.none() | st.text(min_size=1),
        ),
        min_size=1,
        unique_by=lambda release: Version(release.version),
    )
)  # fmt: skip
def test_a_snapshot_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, made: list[Release]
) -> None:
    path = tmp_path_factory.mktemp("snapshot") / "releases.json"
    made = [Release(r.version, r.uploaded.replace(microsecond=0), r.requires_python, r.yanked)
            for r in made]  # fmt: skip
    releases.save(made, path)
    assert releases.load(path) == sorted(made, key=lambda release: Version(release.version))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"releases": [{"version": "1"}]}', '{"rel'])
def test_a_broken_snapshot_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "releases.json"
    path.write_text(text)
    with pytest.raises(OutsideError, match="nox -s update"):
        releases.load(path)


@pytest.mark.parametrize(
    ("start", "end", "stable", "expected"),
    [
        (None, None, False, versions(HISTORY)),
        (None, None, True, ["0.1.0", "0.2.0", "0.2.1", "0.10.0"]),
        ("0.2", "0.2.1", False, ["0.2.0", "0.2.1"]),  # 0.2 is 0.2.0
        ("0.2.0rc0", "0.2.0", True, ["0.2.0rc0", "0.2.0"]),  # named, so it stays
        ("2024-01-02", "2024-01-04", False, ["0.2.0rc0", "0.2.0", "0.2.1"]),  # both days included
        ("0.2.1", "2024-01-05", False, ["0.2.1", "0.10.0a1"]),
    ],
)
def test_ranges(start: str | None, end: str | None, stable: bool, expected: list[str]) -> None:
    assert versions(releases.select(HISTORY, start, end, stable=stable)) == expected


def test_yanked_releases_are_left_out_unless_named() -> None:
    history = make("1.0", "1.1", "1.2", "1.3", yanked="1.1")
    assert versions(releases.select(history)) == ["1.0", "1.2", "1.3"]
    assert versions(releases.select(history, "1.1")) == ["1.1", "1.2", "1.3"]


@pytest.mark.parametrize(
    ("start", "end", "line"),
    [
        ("0.2.0", "0.1.0", "swap"),
        ("2024-01-05", "2024-01-02", "swap"),
        ("0.2.0", "0.2.0", "takes two"),
        ("2030-01-01", None, "takes two"),
        ("0.2.7", None, "0.2.1, 0.10.0a1"),  # the nearest
        ("0.2.0rc9", None, "0.2.0rc0, 0.2.0"),
        ("nonsense", None, "no release nonsense"),
        ("2024-13-01", None, "no release 2024-13-01"),
    ],
)
def test_a_range_that_makes_no_sense_is_one_line(start: str, end: str | None, line: str) -> None:
    with pytest.raises(UserError, match=line):
        releases.select(HISTORY, start, end)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, None),
        ({"PIP_INDEX_URL": "https://pip/simple"}, "https://pip/simple"),
        ({"PIP_INDEX_URL": "https://pip", "UV_INDEX_URL": "https://uv"}, "https://uv"),
        ({"UV_INDEX_URL": "https://uv", "UV_DEFAULT_INDEX": "https://new"}, "https://new"),
        ({"UV_DEFAULT_INDEX": "internal=https://new/simple?a=b"}, "https://new/simple?a=b"),
        ({"UV_DEFAULT_INDEX": "https://new/simple?a=b"}, "https://new/simple?a=b"),
        ({"UV_DEFAULT_INDEX": " ", "PIP_INDEX_URL": "https://pip"}, "https://pip"),
    ],
)
def test_the_index_is_the_one_that_pip_and_uv_users_set(
    environ: dict[str, str], url: str | None
) -> None:
    assert releases.index_url(environ) == url


PAGE = {
    "meta": {"api-version": "1.1"},
    "name": "faststream",
    "versions": ["1.0", "1.1rc1"],
    "files": [
        {
            "filename": f"faststream-{version}{kind}",
            "url": f"http://localhost/{version}{kind}",
            "hashes": {},
            "size": 1,
            "upload-time": f"2024-01-0{day}T12:00:00.123456Z",
            "requires-python": ">=3.8",
            "yanked": yanked,
        }
        for version, kind, day, yanked in [
            ("1.0", "-py3-none-any.whl", 3, False),
            ("1.0", ".tar.gz", 2, False),
            ("1.1rc1", "-py3-none-any.whl", 4, "a mistake"),
        ]
    ],
}


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """A real package index on the loopback interface; what it serves can be changed."""
    served: dict[str, object] = {"status": 200, "page": PAGE}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(str(served["status"])))
            self.send_header("Content-Type", str(served.get("type", _JSON)))
            self.end_headers()
            self.wfile.write(json.dumps(served["page"]).encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/simple"
        monkeypatch.setenv("UV_DEFAULT_INDEX", url)
        yield served
        server.shutdown()


_JSON = "application/vnd.pypi.simple.v1+json"


@pytest.mark.usefixtures("index")
def test_reads_releases_from_the_index() -> None:
    assert releases.fetch() == [
        Release("1.0", datetime(2024, 1, 2, 12, tzinfo=timezone.utc), ">=3.8"),
        Release("1.1rc1", datetime(2024, 1, 4, 12, tzinfo=timezone.utc), ">=3.8", "a mistake"),
    ]


@pytest.mark.parametrize(
    ("served", "line"),
    [
        ({"status": 404}, "knows no package"),
        ({"status": 500}, "cannot be reached"),
        ({"type": "text/plain"}, "PEP 691"),
        ({"type": "text/html"}, "no upload times"),  # the older form of an index has none
        ({"page": {**PAGE, "files": []}}, "no upload times"),
    ],
)
def test_an_index_that_does_not_serve_is_one_line(
    index: dict[str, object], served: dict[str, object], line: str
) -> None:
    index.update(served)
    with pytest.raises(OutsideError, match=line):
        releases.fetch()


def test_no_index_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")  # nobody listens there
    with pytest.raises(OutsideError, match="check the network"):
        releases.fetch()
