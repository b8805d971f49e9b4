"""The client of a scheduler: finds a worker for each cell, and hears what becomes of it.

Little is ever with the scheduler: cells are handed over when a slot is free for them, and an answer
is let go of as soon as it is here, so that nobody has to keep it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import time
import warnings
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cloudpickle
import distributed
from distributed import Client, Security
from distributed.scheduler import KilledWorker

from bisector.errors import OutsideError
from bisector.places.dask import carried, workers
from bisector.places.dask.cells import Cell
from bisector.places.dask.workers import Worker
from bisector.tasks import stop, within

CONNECT = 5.0
"""Seconds that a scheduler is given to answer."""
VOID = 2
"""After so many cells one after the other that came to nothing a worker is retired."""
WORKERS = 3
"""How many workers a cell is tried on before it is trouble of its own."""
PATIENCE = 1.0
"""Seconds for which a cell waits for a worker that has its environment: to build it takes as long
elsewhere."""
LOOK = 1.0
"""Seconds between two looks at who is there."""
RECENT = 30.0
"""Seconds over which cells are counted for their rate."""

cloudpickle.register_pickle_by_value(carried)


class _Carried:
    """A function that is pickled by its text, also in the middle of what refers to it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function, self._text = function, cloudpickle.dumps(function)

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[bytes]]:
        return cloudpickle.loads, (self._text,)


_ANSWER = _Carried(carried.answer)


class Cluster:
    """The workers of a scheduler; `async with` connects, and in the end lets go of all cells."""

    def __init__(
        self,
        address: str,
        security: Security,
        note: Callable[[str], None],
        wait: float,
        tell: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Take where the scheduler is.

        Args:
            note: is told what a person should know.
            wait: seconds to wait for a worker, where there is none at all.
            tell: is told now and then how it gets on, in a line.
        """
        self.address, self._security, self._wait = address, security, wait
        self._note, self._tell = note, tell
        self.workers: dict[str, Worker] = {}
        """Those that can be asked, by address."""
        self._retired: set[str] = set()
        self._asked: Counter[str] = Counter()
        """How often each cell is being asked now, by its key: each of these is asked afresh."""
        self._busy: Counter[str] = Counter()
        """Cells of ours that a worker has, by address."""
        self._had: dict[str, set[str]] = defaultdict(set)
        """Workers that have built what a cell needs already."""
        self.others: list[Worker] = []
        """Workers of ours, but of another version."""
        self._freed = asyncio.Event()
        """Is set, and replaced, when a slot becomes free."""
        self._lost = ""
        """Why there is no scheduler any more."""
        self._said: set[str] = set()
        self.answered: Counter[str] = Counter()
        """Cells by the worker that answered them."""
        self.stages: Counter[str] = Counter()
        """Seconds spent, by stage, of all cells together."""
        self._recent: deque[float] = deque()

    async def __aenter__(self) -> Cluster:
        """Connect.

        Raises:
            OutsideError: nobody is there, or of another version.
        """
        workers.quiet()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions, which are compared below
            try:
                self._client = await Client(
                    self.address, asynchronous=True, security=self._security, timeout=CONNECT,
                    set_as_default=False,
                )  # fmt: skip
            except (OSError, TimeoutError, asyncio.TimeoutError) as error:
                raise OutsideError(
                    f"there is no scheduler at {self.address}: start one with `dask scheduler`, or"
                    " see that it can be reached from here, and how (tcp:// or tls://)",
                    str(error),
                ) from None
        try:
            await self._compare()
            await self._look()
            await self._first()
        except BaseException:
            await self._client.close()
            raise
        self._watch = asyncio.create_task(self._keep_looking())
        return self

    async def __aexit__(self, *_: object) -> None:
        await stop([self._watch])
        with contextlib.suppress(asyncio.TimeoutError, OSError):
            await self._client.close()

    # --- who is there ----------------------------------------------------------------------------

    async def _compare(self) -> None:
        """See that the scheduler is of our versions.

        Raises:
            OutsideError: it is not.
        """
        told = (await self._client.scheduler.versions(packages=[]))["packages"]
        theirs = ".".join(str(told["python"]).split(".")[:2])
        for name, their, our in (
            ("dask", told["distributed"], workers.versions()[workers.DASK]),
            ("Python", theirs, workers.interpreter()),
        ):
            if their != our:
                raise OutsideError(
                    f"the scheduler at {self.address} runs {name} {their}, and {our} is here: both"
                    " have to be the same, on the workers too"
                )

    async def _look(self) -> None:
        try:
            told = await within(self._client.scheduler.identity(), CONNECT)
        except (OSError, asyncio.TimeoutError) as error:
            if self._client.status != "running":  # else the network is down, or was
                self._gone(str(error))
            return
        found = workers.read(told)
        for worker in found.values():
            if other := worker.other():
                self._once(f"{worker.name} is left out: it {other}")
        usable = {a: w for a, w in found.items() if a not in self._retired and not w.other()}
        for address in self.workers.keys() - usable.keys() - self._retired:
            self._note(f"{self.workers[address].name} went away; {_go_on(len(usable))}")
        self.others = [w for w in found.values() if w.other()]
        self.workers = usable

    async def _keep_looking(self) -> None:
        while not self._lost:
            await asyncio.sleep(LOOK)
            await self._look()
            self._tell(self.told())

    async def _first(self) -> None:
        """Wait until a worker is there.

        Raises:
            OutsideError: none comes, or only those of another version.
        """
        until = time.monotonic() + self._wait
        while not self.workers:
            if self.others:
                worker = self.others[0]
                raise OutsideError(
                    f"the worker {worker.name} {worker.other()}: both have to be the same"
                )
            if self._lost:
                raise self._away()
            self._once(f"no worker at {self.address} yet: waiting, {self._wait:g} s at most")
            if time.monotonic() >= until:
                raise self._nobody()
            await asyncio.sleep(min(LOOK, self._wait))
            await self._look()

    def _nobody(self) -> OutsideError:
        return OutsideError(
            f"no worker of this suite is at {self.address} (waited {self._wait:g} s): start"
            f" `nox -s worker -- {self.address}` on each machine, or give --wait more"
        )

    def _gone(self, why: str) -> None:
        self._lost = self._lost or why or "the connection broke"

    def _away(self) -> OutsideError:
        return OutsideError(
            f"the scheduler at {self.address} went away: what is known is kept, run it again once"
            " it is back",
            self._lost,
        )

    # --- how it gets on --------------------------------------------------------------------------

    @property
    def slots(self) -> int:
        """How many cells can be answered at a time."""
        return sum(worker.slots for worker in self.workers.values())

    def told(self) -> str:
        """Say in a line how it gets on: workers, cells, and where their time goes."""
        now = time.monotonic()
        while self._recent and self._recent[0] < now - RECENT:
            self._recent.popleft()
        seconds = max(min(RECENT, now - self._recent[0]), 1.0) if self._recent else 1.0
        whole = sum(self.stages.values())
        parts = [f"{stage} {spent / whole:.0%}" for stage, spent in self.stages.most_common(3)
                 if spent >= whole / 100]  # fmt: skip
        return (
            f"{_count(len(self.workers), 'worker')}, {self.slots} slots,"
            f" {sum(self._busy.values())} busy;"
            f" {len(self._recent) / seconds:.1f} cells/s, {sum(self.answered.values())} answered"
            + (f"; of their time: {', '.join(parts)}" if parts else "")
        )

    def _once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._note(text)

    # --- cells -----------------------------------------------------------------------------------

    def has(self, likely: str) -> bool:
        """Whether a worker that is there has built what a cell needs."""
        return bool(self._had.get(likely, set()) & self.workers.keys())

    async def ask(self, cell: Cell) -> dict[str, Any]:
        """Have a cell answered, wherever that can be.

        Raises:
            OutsideError: it cannot: for trouble of its own, or for want of workers.
        """
        key = cell.key
        again = self._asked[key]
        self._asked[key] += 1
        try:
            return await self._asked_until_answered(cell, f"{key}-{again}")
        finally:
            self._asked[key] -= 1
            if not self._asked[key]:
                del self._asked[key]

    async def _asked_until_answered(self, cell: Cell, key: str) -> dict[str, Any]:
        void: dict[str, tuple[str, str]] = {}
        killed = 0
        for attempt in itertools.count():
            address = await self._worker_for(cell, void)
            try:
                told = await self._answered(cell, f"{key}-{attempt}", address)
            except KilledWorker as error:
                killed += 1
                if killed >= WORKERS:
                    raise OutsideError(
                        f"workers died {killed} times while they had the same cell: look at their"
                        " memory; what is known is kept",
                        str(error),
                    ) from None
                continue
            for text in told["notes"]:
                self._once(text)
            if "trouble" not in told:
                self._take_note(cell, told)
                return told
            if told["cells"]:
                raise OutsideError(told["trouble"], told["details"])
            void[told["worker"]] = told["trouble"], told["details"]
            await self._void(told)
            if len(void) >= WORKERS or attempt + 1 >= WORKERS * VOID:
                raise OutsideError(*void[told["worker"]])
        raise AssertionError

    def _take_note(self, cell: Cell, told: Mapping[str, Any]) -> None:
        address = told["worker"]
        self._had[cell.likely].add(address)
        self.answered[address] += 1
        self._recent.append(time.monotonic())
        self.stages.update(told["stages"])

    async def _worker_for(self, cell: Cell, void: Mapping[str, tuple[str, str]]) -> str:
        """Choose a worker, and wait for one where there is none.

        Raises:
            OutsideError: nobody who is there can do it, or nobody is there.
        """
        began, until = time.monotonic(), 0.0
        while True:
            if self._lost:
                raise self._away()
            able = [w for w in self.workers.values() if w.meets(cell.wishes)]
            fresh = [w for w in able if w.address not in void] or able  # or all have tried
            if fresh:
                if chosen := self._free_one(fresh, cell.likely, time.monotonic() - began):
                    self._busy[chosen.address] += 1
                    return chosen.address
                with contextlib.suppress(asyncio.TimeoutError):
                    await within(self._freed.wait(), PATIENCE)
                continue
            if void:
                line, details = [*void.values()][-1]
                raise OutsideError(f"no worker is left that can go on: {line}", details)
            if self.workers:
                raise OutsideError(self.lacking(cell.wishes))
            until = until or time.monotonic() + self._wait
            self._once(f"no worker is left: waiting for one, {self._wait:g} s at most")
            if time.monotonic() >= until:
                raise self._nobody()
            await asyncio.sleep(min(LOOK, self._wait))

    def _free_one(self, able: Sequence[Worker], likely: str, waited: float) -> Worker | None:
        """Choose a worker with a free slot; one that has the environment is worth some waiting.

        Delay scheduling (Zaharia et al., EuroSys 2010): without it the one that has just become
        free would have to build what another has.
        """

        def load(worker: Worker) -> float:
            return self._busy[worker.address] / worker.slots

        def weight(worker: Worker) -> str:
            # Each environment has the same order of workers with every client.
            return hashlib.sha256(f"{likely} {worker.address}".encode()).hexdigest()

        has = [worker for worker in able if worker.address in self._had.get(likely, ())]
        for among in [has] if has and waited < PATIENCE else [has, able]:
            free = [worker for worker in among if load(worker) < 1]
            if free:
                return min(free, key=lambda worker: (load(worker), weight(worker)))
        return None

    def lacking(self, wishes: Mapping[str, str]) -> str:
        """Say what is wished for that no worker has."""
        for kind, value in wishes.items():
            there = sorted({v for w in self.workers.values() for v in w.offers.get(kind, ())})
            if value not in there:
                plain = ", ".join(v for v in there if ", " not in v) or "none"
                return (
                    f"no worker has {kind} {value}: they have {plain}; start a worker that has it"
                    + (f", with --rabbitmq {value}" if kind == workers.RABBITMQ else "")
                )
        told = " and ".join(f"{kind} {value}" for kind, value in wishes.items())
        return f"no worker has all of {told}: start one that has"

    async def _answered(self, cell: Cell, key: str, address: str) -> dict[str, Any]:
        needed = {**workers.versions(), **cell.wishes}
        future = self._client.submit(
            _ANSWER, key, cell.text, dict(cell.sent),
            key=key, workers=[address], allow_other_workers=True,
            resources={workers.resource(kind, value): 1 for kind, value in needed.items()},
        )  # fmt: skip
        try:
            told: dict[str, Any] = await future
        except RuntimeError as error:  # the scheduler says that it could not read it
            raise OutsideError(
                f"the scheduler at {self.address} does not take what it is given; --verbose shows"
                " why",
                str(error),
            ) from error
        except distributed.CancelledError as error:
            # Nobody cancels it but us, and then we do not come here.
            self._gone(str(error))
            raise self._away() from None
        else:
            return told
        finally:
            future.release()
            self._busy[address] -= 1
            self._freed.set()
            self._freed = asyncio.Event()

    async def _void(self, told: Mapping[str, Any]) -> None:
        """Retire a worker at which cells come to nothing."""
        address, line = told["worker"], told["trouble"]
        name = self.workers[address].name if address in self.workers else address
        self._note(f"a cell came to nothing on {name}: {line}")
        if told["void"] < VOID or address in self._retired:
            return
        self._retired.add(address)
        self.workers.pop(address, None)
        self._note(f"{name} is retired after {VOID} void cells; {_go_on(len(self.workers))}")
        with contextlib.suppress(OSError, asyncio.TimeoutError):  # it may be gone already
            await self._client.run(carried.retire, line, workers=[address], on_error="ignore")
            await self._client.retire_workers([address], close_workers=True)


def _go_on(workers: int) -> str:
    return f"{_count(workers, 'worker')} {'goes' if workers == 1 else 'go'} on"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
