"""What is measured of the rungs of a direction: turns, one rung after the other, to and fro."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import time
import traceback
from typing import Any, Callable, Dict

from benchmarks import _measure, compat
from benchmarks._measure import Plain, Round
from benchmarks.layers.holder import Holder
from benchmarks.layers.open_loop import Sender
from benchmarks.layers.rungs import Client, LeftOutError, Rung

MANY, ONE = 100, 1
WAITING = {1024: 100, 65536: 50}
"""How many messages a consumer has waiting for it, by size."""
ONE_SECONDS = 0.025
SENT_SECONDS = 0.375
"""How long messages are sent for, in open loop, unless told otherwise."""
WHOLE, MOST = 100, 20
"""In open loop, messages are sent by so many, of which one is one percent; and so often at most."""
WORK_SECONDS, WORK_MESSAGES, WORK_RATE = 0.2, 1000, 1e6
Found = Dict[str, Any]
"""Of one rung: time and cpu, seconds per message; latencies, seconds; more of a load."""


class FailedError(Exception):
    """A rung hung or raised; the text is the reason."""


class Direction:
    """The rungs of one direction: publish, receive or request."""

    def __init__(self, name: str, rungs: list[Rung], url: str) -> None:
        self._name, self._rungs, self._url = name, rungs, url
        self._clients: dict[str, Client] = {}
        self._calls: dict[str, Callable[[], Any]] = {}
        self.left_out: dict[str, str] = {}
        """Rungs that the release does not have, with the reason."""
        self.failed: dict[str, str] = {}
        """Rungs that hung or raised, likewise."""
        self._plain, self._holder, self._sender = Plain(), Holder(), Sender()
        self._turn = 0
        self._apart = False
        """Whether a broker is open only while it has its turn."""

    async def open(self) -> None:
        """Connect all of them."""
        await self._plain.open(self._url)
        await self._holder.open(self._url)
        for rung in self._rungs:
            try:
                client = Client(rung, self._plain, self._url)
                await _measure.step(self._opened(client), self._plain)
                self._clients[rung.name] = client
            except LeftOutError as error:
                self.left_out[rung.name] = str(error)
            except (_measure.NoRabbitMQError, compat.NotImportableError):
                raise
            except Exception as error:
                traceback.print_exc()
                self.failed[rung.name] = f"{type(error).__name__}: {error}"

        if self._name == "request":
            await self._try_together()

    async def _opened(self, client: Client) -> None:
        if self._name == "receive":
            await client.subscribe()
        else:
            opened = client.asker() if self._name == "request" else client.publisher()
            self._calls[client.rung.name] = await opened

    async def _try_together(self) -> None:
        """See whether all brokers are answered while they are open beside each other.

        In some releases they are not: what receives the answers is kept once for all of them.
        """
        try:
            for name in self._clients:
                await _measure.step(self._calls[name](), self._plain)
        except _measure.NoRabbitMQError:
            raise
        except Exception:  # whichever it is, the release's
            self._apart = True
            for client in self._clients.values():
                await self._closed(client)

    async def _closed(self, client: Client) -> None:
        """Close a client; what it leaves open ends with the process."""
        try:
            await _measure.step(client.close(), self._plain)
        except _measure.NoRabbitMQError:
            raise
        except Exception:  # nothing of it is measured
            traceback.print_exc()

    async def turn(self, measure: str, rung: str = "", **options: float) -> dict[str, Found]:
        """Measure the rungs that are left, or one of them."""
        closed = {"many": self._waiting, "one": self._single, "load": self._load}
        called = {"many": self._many, "one": self._one}
        way: Any = {**(closed if self._name == "receive" else called), "work": self._work}[measure]
        names = [name for name in self._clients if rung in ("", name)]
        found = {}
        for name in names[:: -1 if self._turn % 2 else 1]:
            if name in self.left_out or name in self.failed:
                continue
            client = self._clients[name]
            apart = self._apart and not client.rung.plain
            try:
                if apart:
                    await _measure.step(self._opened(client), self._plain)
                found[name] = await way(client, **options)
                client.check()
                if apart:
                    await self._closed(client)
            except LeftOutError as error:
                self.left_out[name] = str(error)
                found.pop(name)
            except FailedError as error:
                self.failed[name] = str(error)
            client.tidy()
        self._turn += 1
        return found

    # --- calls: publish and request --------------------------------------------------------------

    async def _many(self, client: Client) -> Found:
        """100 in flight."""
        return await self._round(client, MANY, _measure.ROUND_SECONDS)

    async def _one(self, client: Client) -> Found:
        """One after the other."""
        return await self._round(client, ONE, ONE_SECONDS)

    async def _round(self, client: Client, in_flight: int, seconds: float) -> Found:
        call = self._calls[client.rung.name]
        return _told(await _measure.one_round(call, in_flight, self._plain, seconds))

    # --- handlers: receive -----------------------------------------------------------------------

    async def _waiting(self, client: Client) -> Found:
        """Messages wait for the consumer, and come all at once."""
        client.inbox.ignore()
        many = WAITING[client.rung.size]
        held = await self._holder.fill(client.queue, client.message, many, self._plain)
        if held < many / 2:
            raise FailedError(f"only {held} of {many} messages could be held back")
        full = client.inbox.count(held)
        await self._holder.release()
        await self._patient(full, client)
        times, cpu = client.inbox.times, client.inbox.cpu
        return _told(Round(held - 1, times[-1] - times[0], cpu[1] - cpu[0], []))

    async def _single(self, client: Client) -> Found:
        """One message after the other, from publishing to the handler."""
        latencies = []
        end = time.perf_counter() + ONE_SECONDS
        publish = self._plain.channel.default_exchange.publish
        while time.perf_counter() < end:
            message = client.message(0)
            full = client.inbox.count(1)
            begin = time.perf_counter()
            await publish(message, client.queue)
            await self._patient(full, client)
            latencies.append(client.inbox.times[0] - begin)
        return {"latencies": latencies}

    async def _load(self, client: Client, rate: float, seconds: float = SENT_SECONDS) -> Found:
        """Messages are sent on schedule; latencies from when each was due until the handler.

        `kept` is how many a second arrived, `sent` how many a second could be sent.
        """
        rung = client.rung
        many = min(max(1, round(rate * seconds / WHOLE)), MOST) * WHOLE
        full = client.inbox.number(many)
        order = {"queue": client.queue, "body": rung.body, "size": rung.size, "many": many,
                 "rate": rate}  # fmt: skip
        sent = await self._sender.send(order, many / rate + _measure.STEP_SECONDS)
        await self._patient(full, client)
        arrived, begin = client.inbox.arrived, sent["begin"]
        in_order = sorted(arrived.values())
        first, last = many // 10, many - 1 - many // 10  # no hiccup at an end counts
        return {
            "latencies": [at - begin - n / rate for n, at in sorted(arrived.items())],
            "kept": min(rate, (last - first) / (in_order[last] - in_order[first])),
            "sent": min(rate, many / sent["seconds"]),
        }

    async def _patient(self, full: asyncio.Future[None], client: Client) -> None:
        """Wait for a handler; raises FailedError once nothing came for the length of a deadline."""
        before = -1
        while not full.done() and client.inbox.came > before:
            before = client.inbox.came
            await asyncio.wait({full}, timeout=_measure.DEADLINE_SECONDS)
        if not full.done():
            await self._plain.check()
            raise FailedError(f"hang: only {client.inbox.came} messages arrived")

    # --- for a profiler --------------------------------------------------------------------------

    async def _work(self, client: Client, seconds: float) -> Found:
        """Do what is measured otherwise, and nothing else, for a while, or once."""
        _let_look()
        end = time.perf_counter() + seconds
        going = True
        while going:
            if self._name == "receive":  # what another process sends, as fast as it can
                await self._load(client, WORK_RATE, WORK_MESSAGES / WORK_RATE)
            else:
                in_flight = MANY if self._name == "publish" else ONE
                await self._round(client, in_flight, WORK_SECONDS)
            going = time.perf_counter() < end
            if going:
                client.tidy()
        return {}


def _let_look() -> None:
    """Allow other processes of this user to look into this one, where Linux asks for that."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)  # PR_SET_PTRACER, anybody


def _told(one: Round) -> Found:
    if one.trouble:
        raise FailedError(one.trouble)
    told: Found = {"time": one.time, "cpu": one.cpu_time}
    return {**told, "latencies": one.latencies} if one.latencies else told
