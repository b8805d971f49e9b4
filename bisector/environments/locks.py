"""Whole environments from files: what `pip freeze` says, requirements, and lock files."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName, default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from bisector.errors import UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Pins = dict[str, str]
"""What installs each distribution, by its name: `name==version`, or `name @ URL`."""
KNOWN = "pip freeze or a requirements file with == on every line, uv.lock, poetry.lock, pylock.toml"


def read(path: Path, python: str, only: Container[str] | None = None) -> Pins:
    """Return what a lock file, or a list of pins, installs on this machine.

    Args:
        python: the interpreter that it is for, as markers see it.
        only: the distributions that matter: the others may be as they like.

    Raises:
        UserError: it is not there, of no known format, or names what nobody else can have.
    """
    where = _Where(path, python, only)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise where.error(str(error)) from None
    try:
        found = _reader(where)(text, where)
    except tomllib.TOMLDecodeError as error:
        raise where.error(f"not TOML: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise where.error(f"not as such a lock file is ({error!r})") from None
    if not found and only is None:
        raise where.error(f"no package in it; known are {KNOWN}")
    return {name: pin for name, pin in found.items() if where.matters(name)}


class _Where:
    """The file, for what is said of it, what its markers are about, and what matters in it."""

    def __init__(self, path: Path, python: str, only: Container[str] | None) -> None:
        self.path, self._only = path, only
        version = {"python_version": python, "python_full_version": f"{python}.0"}
        self.environment: dict[str, str] = {**default_environment(), **version}  # type: ignore[dict-item]

    def applies(self, marker: object) -> bool:
        """Whether a marker is met; one that asks about extras is not."""
        if not marker:
            return True
        try:
            return Marker(str(marker)).evaluate({**self.environment, "extra": ""})
        except (InvalidMarker, UndefinedEnvironmentName):
            return True

    def matters(self, name: str) -> bool:
        """Whether a distribution is one of those that are asked about."""
        return self._only is None or name in self._only

    def error(self, what: str) -> UserError:
        """One line about this file."""
        option = "--between " if self._only is None else ""
        return UserError(f"{option}{self.path}: {what}")


def _reader(where: _Where) -> Callable[[str, _Where], Pins]:
    path, name = where.path, where.path.name
    if name == "uv.lock":
        return _uv
    if name == "poetry.lock":
        return _poetry
    if re.fullmatch(r"pylock(\.[\w-]+)?\.toml", name):
        return _pylock
    if path.suffix in (".txt", ".in", "") or name.startswith("requirements"):
        return _requirements
    raise where.error(f"a format that is not known; known are {KNOWN}")


def _requirements(text: str, where: _Where) -> Pins:
    found: Pins = {}
    for number, line in enumerate(text.replace("\\\n", " ").splitlines(), 1):
        wanted = re.split(r"(?:^|\s)#|\s--hash\b", line)[0].strip()
        if not wanted or re.match(r"--?(?!e\b|-editable\b|-r\b|r\b)", wanted):
            continue  # options, as --index-url: the index is the one of this machine
        try:
            if wanted.startswith("-"):
                raise InvalidRequirement("a local project, or another file")
            requirement = Requirement(wanted)
        except InvalidRequirement:
            if not where.matters(""):
                continue
            raise where.error(
                f"line {number}: {wanted!r} cannot be had on the index: leave it out, or freeze"
                " without it"
            ) from None
        if not where.applies(requirement.marker):
            continue
        name = canonicalize_name(requirement.name)
        if not where.matters(name):
            continue
        if requirement.url:
            found[name] = _url(name, requirement.url, where)
            continue
        pins = [s for s in requirement.specifier if s.operator in ("==", "===")]
        if len(pins) != 1 or pins[0].version.endswith(".*"):
            raise where.error(
                f"line {number}: {wanted!r} names no single version; write what is installed, with"
                " `pip freeze` or `uv pip compile`"
            )
        found[name] = f"{name}=={pins[0].version}"
    return found


def _url(name: str, url: str, where: _Where) -> str:
    if url.startswith("file:") and not Path(re.sub(r"^file:/*", "/", url)).exists():
        raise where.error(f"{name} is at {url}, which is not there: freeze without it")
    return f"{name} @ {url}"


def _uv(text: str, where: _Where) -> Pins:
    packages: list[dict[str, Any]] = tomllib.loads(text).get("package", [])
    by_name: dict[str, list[dict[str, Any]]] = {}
    for package in packages:
        by_name.setdefault(canonicalize_name(package["name"]), []).append(package)
    roots = [p for p in packages if {"virtual", "editable"} & p.get("source", {}).keys()]
    found: Pins = {}
    todo: list[tuple[dict[str, Any], frozenset[str]]] = [(root, frozenset()) for root in roots]
    if not roots:
        todo = [(p, frozenset()) for p in packages]
    done: set[tuple[str, frozenset[str]]] = set()
    while todo:
        package, extras = todo.pop()
        name = canonicalize_name(package["name"])
        if (name, extras) in done:
            continue
        done.add((name, extras))
        if package not in roots and where.matters(name):
            found[name] = _of_source(name, package, where)
        edges = list(package.get("dependencies", []))
        for extra in extras:
            edges += package.get("optional-dependencies", {}).get(extra, [])
        if package in roots:
            edges += [e for group in package.get("dev-dependencies", {}).values() for e in group]
        for edge in edges:
            if not where.applies(edge.get("marker")):
                continue
            same = by_name.get(canonicalize_name(edge["name"]), [])
            wanted = [p for p in same if edge.get("version") in (None, p.get("version"))]
            todo += [(p, frozenset(edge.get("extra", []))) for p in wanted[:1]]
    return found


def _of_source(name: str, package: Mapping[str, Any], where: _Where) -> str:
    source = package.get("source", {})
    if "git" in source:
        url, _, commit = str(source["git"]).partition("#")
        return f"{name} @ git+{url.split('?')[0]}@{commit}"
    if "url" in source:
        return f"{name} @ {source['url']}"
    if local := source.get("path") or source.get("directory"):
        raise where.error(f"{name} is at {local} on the machine of the lock file: it cannot be had")
    return f"{name}=={package['version']}"


def _poetry(text: str, where: _Where) -> Pins:
    packages = tomllib.loads(text).get("package", [])
    met: dict[str, list[bool]] = {}
    for package in packages:
        for name, edge in package.get("dependencies", {}).items():
            for one in edge if isinstance(edge, list) else [edge]:
                marker = one.get("markers") if isinstance(one, dict) else None
                met.setdefault(canonicalize_name(name), []).append(where.applies(marker))
    found: Pins = {}
    for package in packages:
        name = canonicalize_name(package["name"])
        markers = package.get("markers")
        markers = [*markers.values()] if isinstance(markers, dict) else [markers]
        unmet = name in met and not any(met[name])  # for another platform or interpreter
        if package.get("optional") or unmet or not any(map(where.applies, markers)):
            continue
        if not where.matters(name):
            continue
        source = package.get("source", {})
        if source.get("type") == "git":
            commit = source.get("resolved_reference") or source["reference"]
            found[name] = f"{name} @ git+{source['url']}@{commit}"
        elif source.get("type") in ("directory", "file"):
            raise where.error(f"{name} is at {source['url']}: it cannot be had")
        else:
            found[name] = f"{name}=={package['version']}"
    return found


def _pylock(text: str, where: _Where) -> Pins:
    content = tomllib.loads(text)
    if "lock-version" not in content:
        raise where.error("no lock-version in it: not a pylock.toml (PEP 751)")
    found: Pins = {}
    for package in _applying(content.get("packages", []), where):
        name = canonicalize_name(package["name"])
        if not where.matters(name):
            continue
        if vcs := package.get("vcs"):
            found[name] = f"{name} @ {vcs['type']}+{vcs['url']}@{vcs['commit-id']}"
        elif archive := package.get("archive"):
            if "url" not in archive:
                raise where.error(f"{name} is at {archive.get('path')}: it cannot be had")
            found[name] = f"{name} @ {archive['url']}"
        elif "directory" not in package:  # that is the user's own project
            found[name] = f"{name}=={package['version']}"
    return found


def _applying(packages: Iterable[dict[str, Any]], where: _Where) -> list[dict[str, Any]]:
    return [package for package in packages if where.applies(package.get("marker"))]
