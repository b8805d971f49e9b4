"""Runs one program in this process and reports all that can be seen from outside it.

An event is ``[source, name, fields]``; the values of `fields` are texts, by `repr` where they are
no texts:

========  =================================  ====================================================
source    name                               fields
========  =================================  ====================================================
seen      what the program itself noted      {}; its list `seen`, entry by entry
sent      AMQP's method, "Basic.Publish"     its arguments, properties and body
received  likewise                           likewise; only what tells of trouble
log       the logger's name                  level, text, error
warning   the category                       text
task      a coroutine's name                 {}; it was left behind
reached   ""                                 numbers: of the functions that were called, by `_reach`
end       "returned", "raised", "stuck"      error, text, line (of the program); or where
========  =================================  ====================================================
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import logging
import os
import sys
import threading
import traceback
import types
import warnings
from typing import Any

from benchmarks.scenarios._evidence import await_chain
from benchmarks.situations import _reach

FILE = "situation.py"  # what the program is called in tracebacks
STUCK = 124
EVENTS = 400  # kept of one program: an endless redelivery fills memory
LAST = ("end", "reached")  # are kept in any case
LONGEST = 2000  # characters of a value
LONGEST_NOTE = 60_000  # of what a program notes: a document, a traceback that is told as text
TROUBLE = ("Basic.Return", "Basic.Nack", "Basic.Cancel", "Channel.Close", "Connection.Close")


def run(text: str, seconds: float, report: int) -> int:
    """Run the program `text`; events go to the descriptor `report`. Returns its exit code."""
    return Observer(text, report).run(seconds)


class Observer:
    """Watches one program."""

    def __init__(self, text: str, report: int) -> None:
        self._text, self._report = text, report
        module = types.ModuleType("__main__")
        module.__file__ = FILE
        sys.modules["__main__"] = module  # where annotations are looked up
        self._globals = module.__dict__
        self._lock = threading.RLock()
        self._flushed = self._written = 0
        self._publishing: dict[int, tuple[Any, Any, bytes]] = {}  # by channel, until the body ends
        self._loop: Any = None
        self._ended = False

    def run(self, seconds: float) -> int:
        self._tap_wire()
        self._tap_logs()
        self._tap_warnings()
        self._tap_tasks()
        watchdog = threading.Timer(seconds, self._stuck)
        watchdog.daemon = True
        watchdog.start()
        code = 1
        try:
            exec(compile(self._text, FILE, "exec", dont_inherit=True), self._globals)  # noqa: S102
            code = self._end("returned", {})
        except SystemExit as error:
            told = error.code if isinstance(error.code, int) else int(error.code is not None)
            code = self._end("returned", {"exit": repr(error.code)}, told)
        except BaseException as error:
            code = self._end("raised", self._told(error), 1)
        watchdog.cancel()
        return code

    def _end(self, how: str, fields: dict[str, str], code: int = 0) -> int:
        gc.collect()  # an exception that nobody retrieved is logged now or at no certain time
        with self._lock:
            if not self._ended:
                if _reach.FUNCTIONS:
                    numbers = " ".join(map(str, sorted(_reach.REACHED)))
                    self._event("reached", "", {"numbers": numbers})
                self._event("end", how, fields)
                self._ended = True
        return code

    def _told(self, error: BaseException) -> dict[str, str]:
        frames = list(traceback.walk_tb(error.__traceback__))
        own = [line for frame, line in frames if frame.f_code.co_filename == FILE]
        inner = frames[-1][0] if frames else None
        lines = self._text.splitlines()
        return {
            "error": type(error).__name__,
            "text": _short(str(error)),
            "line": lines[own[-1] - 1].strip() if own and own[-1] <= len(lines) else "",
            "raised in": inner.f_globals.get("__name__", "?") if inner else "?",
        }

    def _stuck(self) -> None:
        """End a program that takes too long, and say where it stands. Runs in a thread."""
        where = []
        loop = self._loop
        if loop is not None:
            tasks = [t for t in list(asyncio.all_tasks(loop)) if "main" in repr(t.get_coro())]
            where = await_chain(tasks[0]) if tasks else []
        if not where:
            stack = traceback.extract_stack(sys._current_frames()[threading.main_thread().ident])  # type: ignore[index]
            where = [f"{f.filename}:{f.lineno} {f.name}" for f in stack[-3:]]
        self._end("stuck", {"where": json.dumps(where)})
        os._exit(STUCK)

    def _event(self, source: str, name: str, fields: dict[str, str]) -> None:
        with self._lock:
            if self._ended:
                return
            seen = self._globals.get("seen", ())
            if isinstance(seen, list):  # what came before this, first
                news, self._flushed = seen[self._flushed :], len(seen)
                for what in news:
                    self._write(["seen", _short(str(what), LONGEST_NOTE), {}])
            self._write([source, name, fields])

    def _write(self, event: list[Any]) -> None:
        self._written += 1
        if self._written > EVENTS and event[0] not in LAST:
            return
        data = json.dumps(event).encode() + b"\n"
        while data:
            data = data[os.write(self._report, data) :]

    def _tap_wire(self) -> None:
        wire: Any = importlib.import_module("pamqp.frame")  # what aio-pika speaks with
        marshal, unmarshal = wire.marshal, wire.unmarshal

        def sent(frame: Any, channel: int) -> bytes:
            data: bytes = marshal(frame, channel)
            self._sent(frame, channel)
            return data

        def received(data: bytes) -> Any:
            told = unmarshal(data)
            name = getattr(told[2], "name", "")
            if name in TROUBLE:
                self._event("received", name, _fields(told[2]))
            return told

        wire.marshal, wire.unmarshal = sent, received

    def _sent(self, frame: Any, channel: int) -> None:
        name = frame.name
        if name in ("Heartbeat", "ProtocolHeader"):
            return
        if name == "Basic.Publish":
            self._publishing[channel] = (frame, None, b"")
            return
        if name in ("ContentHeader", "ContentBody"):
            publish, header, body = self._publishing.get(channel, (None, None, b""))
            if name == "ContentHeader":
                header = frame
            else:
                body += frame.value
            self._publishing[channel] = (publish, header, body)
            if publish is not None and header is not None and len(body) >= header.body_size:
                properties = {k: v for k, v in header.properties if v is not None}
                fields = {**_fields(publish), **_texts(properties), "body": _short(repr(body))}
                self._event("sent", "Basic.Publish", fields)
            return
        self._event("sent", name, _fields(frame))

    def _tap_logs(self) -> None:
        handle = logging.Logger.handle

        def handled(logger: logging.Logger, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            try:
                text = record.getMessage()
            except Exception as problem:
                text = f"cannot be formatted: {problem!r}"
            self._event(
                "log",
                record.name,
                {"level": record.levelname, "text": _short(text), "error": _short(repr(error))},
            )
            handle(logger, record)

        logger_class: Any = logging.Logger
        logger_class.handle = handled

    def _tap_warnings(self) -> None:
        def shown(message: Any, category: Any, *_: Any, **__: Any) -> None:
            self._event("warning", category.__name__, {"text": _short(str(message))})

        warnings.simplefilter("always")
        warnings.showwarning = shown

    def _tap_tasks(self) -> None:
        """See which tasks are left, as `asyncio.run` sees it before it cancels them."""
        runners: Any = asyncio.runners
        cancel_all = runners._cancel_all_tasks
        new_loop = asyncio.new_event_loop

        def cancelling(loop: Any) -> None:
            coros = [task.get_coro() for task in asyncio.all_tasks(loop)]
            names = [getattr(c, "__qualname__", "?") for c in coros if not _of_client(c)]
            for name in sorted(names):
                self._event("task", name, {})
            cancel_all(loop)

        def remembered() -> Any:
            self._loop = new_loop()
            return self._loop

        runners._cancel_all_tasks = cancelling
        asyncio.new_event_loop = asyncio.events.new_event_loop = remembered


def _of_client(coroutine: Any) -> bool:
    """Whether it is the client library's: how far it got is a matter of luck."""
    code = getattr(coroutine, "cr_code", None)
    return code is not None and any(p in code.co_filename for p in ("aio_pika", "aiormq"))


def _fields(frame: Any) -> dict[str, str]:
    return _texts(dict(frame))


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: _short(repr(value)) for name, value in values.items()}


def _short(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text)} characters)"
