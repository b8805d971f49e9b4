"""What of an installation a node loads: only what it needs makes it boot in a third of the time."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

# RabbitMQ asks every module of every library loaded whether it has something to do at the boot, or
# belongs to a feature flag, and loads (and compiles) more than a thousand modules to ask them.
# That is told by what is declared in a module; so these libraries are loaded with lists of those
# modules alone that declare anything of RabbitMQ's.  The others are loaded when they are called.
_LOAD = """Asked = [%s],
 Load = fun(Load, App) -> case code:where_is_file(atom_to_list(App) ++ ".app") of
  non_existing -> ok;
  File -> {ok,[{application,App,Told}]} = file:consult(File),
   Own = [M || M <- proplists:get_value(modules, Told, []), lists:member(M, Asked)],
   case application:load({application,App,lists:keystore(modules, 1, Told, {modules,Own})}) of
    ok -> [Load(Load, Each) || List <- [applications,included_applications],
     Each <- proplists:get_value(List, Told, [])];
    _ -> ok end end end,
 catch [Load(Load, Root) || Root <- [%s]]."""
_ROOTS = ("rabbit", "rabbitmq_prelaunch")


def needed(plugins: Path) -> list[Path]:
    """The libraries `rabbit` needs, as their .app files tell: twice as fast as loading all."""
    have = {p.name.rsplit("-", 1)[0]: p for p in plugins.glob("*-[0-9]*") if p.is_dir()}
    todo, seen = [*_ROOTS], set[str]()
    while todo:
        name = todo.pop()
        if name in seen or name not in have:
            continue
        seen.add(name)
        text = re.sub(r"%.*", "", (have[name] / "ebin" / f"{name}.app").read_text("utf-8"))
        for listed in re.findall(
            r"\{\s*(?:included_|optional_)?applications\s*,\s*\[(.*?)\]", text, re.DOTALL
        ):
            todo += re.findall(r"\w+", listed)
    if "rabbit_common" not in seen:  # a layout we don't know: take them all
        return [p for p in plugins.iterdir() if p.name != "README"]
    return [have[name] for name in seen]


def loading(libraries: Sequence[Path]) -> str:
    """The Erlang that loads the libraries before RabbitMQ does.

    Nothing where some are archives (up to 3.8), or where Khepri (from 3.13 on) reads the lists.
    """
    names = {library.name.split("-")[0] for library in libraries}
    if "khepri" in names or not all(library.is_dir() for library in libraries):
        return "ok."
    asked = sorted({module.stem for library in libraries for module in _declaring(library)})
    return _LOAD % (",".join(f"'{name}'" for name in asked), ",".join(_ROOTS))


def _declaring(library: Path) -> Iterator[Path]:
    """The modules of a library that declare something of RabbitMQ's, or that cannot be read."""
    for module in (library / "ebin").glob("*.beam"):
        declared = _attributes(module.read_bytes())
        if declared is None or b"rabbit_" in declared:
            yield module


def _attributes(module: bytes) -> bytes | None:
    """What a module declares, as Erlang's external terms; None: it is no plain BEAM file.

    A BEAM file is an IFF form: chunks of a name, a length and that many bytes, padded to four
    (https://www.erlang.org/doc/apps/stdlib/beam_lib.html).
    """
    if module[:4] != b"FOR1" or module[8:12] != b"BEAM":
        return None
    at = 12
    while at + 8 <= len(module):
        name, length = struct.unpack(">4sI", module[at : at + 8])
        if name == b"Attr":
            return module[at + 8 : at + 8 + length]
        at += 8 + -(-length // 4) * 4
    return b""
