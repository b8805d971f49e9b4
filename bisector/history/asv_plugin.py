"""asv on releases: environments that Nox builds, a RabbitMQ, a machine that stays unnamed.

asv loads this with every command (`plugins` in asv.conf.json), so that `asv run`, `asv find` and
the others work from the project's root as they do in any project.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from asv import environment, machine, results, runner, util
from asv.commands import compare
from asv.console import log

from bisector.environments import building, recipes, releases
from bisector.errors import TROUBLE, OutsideError
from bisector.history import machine as this_machine
from bisector.history import repository

RUNNER = this_machine.ASV / "runner"
"""Holds asv_runner for the releases' interpreters, so that it is not installed beside a release."""
TALLY = "BISECTOR_TALLY"
"""Names the file through which `nox -s bench` tells how many releases this run has, and is told
where the time went."""
WANTED = "BISECTOR_RABBITMQ"
"""Names the version that RabbitMQ has to be of."""
ABSOLUTE = ("seconds", "msg/s")
"""Units of figures that are the machine's as much as the release's."""
MOVED = 1.25
"""By what factor a multiple of plain aio-pika's time may differ between two runs of different days
though nothing changed: receiving moved between 1.76 and 2.03."""
VOID = "NoRabbitMQError"
"""What a benchmark raises when plain aio-pika does not get through beside it."""


class Nox(environment.Environment):  # type: ignore[misc]  # asv has no types
    """The environments of all releases, under one name, so that asv compares them."""

    tool_name = "nox"

    def __init__(self, conf: Any, python: str, requirements: Any, variables: Any) -> None:
        self._commit: str | None = None
        self.fault: str | None = None
        """Why the installed release cannot be measured."""
        self._requirements = requirements  # asv's constructor asks for it before setting it
        super().__init__(conf, python, requirements, variables)

    @classmethod
    def matches(cls, python: str) -> bool:
        """Any: uv brings the interpreter."""
        return bool(python)

    @property
    def requirements(self) -> dict[str, str]:
        """What asv files with the results, beside the release and its Python."""
        return {"rabbitmq": rabbitmq().version}

    @property
    def installed_commit_hash(self) -> str | None:
        """The commit whose release is the current one."""
        return self._commit

    def create(self) -> None:
        """Nothing is shared between releases."""

    def install_project(self, _conf: Any, _repo: Any, commit_hash: str) -> None:
        """Have Nox build the release's environment.

        A release that does not install or import is no error to asv, which survives one in some of
        its commands only: all its benchmarks fail instead.
        """
        if commit_hash == self._commit:
            return
        release = _release(commit_hash)
        built = recipes.of(release, python=self._python)
        _progress.next()
        with _progress.clock("installing"):
            try:
                asyncio.run(building.install(built))
                self.fault = _import_error(built)
            except building.UninstallableError as error:
                self.fault = f"cannot be installed: {error}"
            except OutsideError as error:
                _stop(str(error))
        if self.fault:
            log.error(f"{release.version} {self.fault}")
        self._path = str(built.path)
        self._commit = commit_hash
        self._set_commit_hash(commit_hash)

    def run(self, args: list[str], **kwargs: Any) -> Any:
        """Run asv_runner in the release's environment, and see that RabbitMQ was well meanwhile."""
        mode = args[1]
        if self._commit is None:
            raise util.UserError("--parallel is not for this project: Nox builds the environments")
        if mode in ("discover", "check"):
            if self.fault:  # the benchmarks import without it, too
                return util.check_output([sys.executable, *args], **kwargs)
            kwargs["env"] = _environ(kwargs["env"], self._path)
            return self.run_executable("python", args, **kwargs)

        _progress.begin(self._commit)
        if self.fault:
            return self.fault, "", 1  # asv has the exit code returned, not raised
        kwargs["env"] = _environ(kwargs["env"], self._path)
        kwargs["env"]["AMQP_URL"] = rabbitmq().url
        if mode == "run_server":
            return self._serve(args, kwargs["env"])
        with _progress.clock("setup_cache" if mode == "setup_cache" else "run"):
            done = self.run_executable("python", args, **kwargs)
        output, _, code = done if isinstance(done, tuple) else (done, "", 0)
        if code:
            _stop_if_void(self._commit, output)
        return done

    def _serve(self, args: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start asv's fork server, which forks for each benchmark instead of starting Python anew.

        It ends when asv interrupts it, and with us: the pipe that is its shell's standard input
        closes when we die.
        """
        shell = """
            trap 'kill -9 $server' INT EXIT
            "$@" </dev/null & server=$!
            exec >/dev/null 2>&1
            cat
        """
        # The paths that `run_executable` would set, which cannot start a server.
        environ = {**environ, **self._global_env_vars, "PYTHONPATH": environ["ASV_PYTHONPATH"]}
        del environ["ASV_PYTHONPATH"]
        return subprocess.Popen(
            ["/bin/sh", "-c", shell, "asv", self.find_executable("python"), *args],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # asv ends it as a process group
        )


class RabbitMQ:
    """The RabbitMQ of this run: started for it and shared with nothing, or the one in AMQP_URL."""

    def __init__(self) -> None:
        # Imported here: commands that only read results need no AMQP client.
        try:
            from bisector import rabbitmq  # noqa: PLC0415
            from bisector.rabbitmq import broker  # noqa: PLC0415
        except ModuleNotFoundError as error:
            _stop(f"{error}: take the asv in .nox/bench/bin, which `nox -s bench` installs")
        if TALLY not in os.environ:  # else `nox -s bench` holds it
            self._lock = this_machine.lock()
        self._loop = asyncio.new_event_loop()

        async def start() -> broker.Lease:
            server = await (await rabbitmq.find(_say, os.environ.get(WANTED))).start()
            if isinstance(server, rabbitmq.PrivateServer):
                # Not `stop`, which needs threads: they end before what is registered here is run.
                atexit.register(server.kill)
            # This loop stands still between two questions: no heartbeats.
            quiet = server.url + ("&" if "?" in server.url else "?") + "heartbeat=0"
            watch = await rabbitmq.Watch(quiet).__aenter__()
            _say(f"RabbitMQ {server.version} ({server.source})")
            return broker.Lease(server, watch)

        self._lease = self._loop.run_until_complete(start())
        self.url, self.version = self._lease.server.url, self._lease.server.version
        atexit.register(
            lambda: self._loop.run_until_complete(self._lease.watch.__aexit__(None, None, None))
        )

    def trouble(self) -> str | None:
        """Say why what was just measured does not count; None: all is well (0.01 s)."""
        return self._loop.run_until_complete(self._lease.trouble())


@functools.cache
def rabbitmq() -> RabbitMQ:
    """Return this run's RabbitMQ, started when it is first asked for."""
    try:
        with _progress.clock("starting"):
            return RabbitMQ()
    except OutsideError as error:
        _stop(str(error))


class _Progress:
    """How far this run is, and where its time went."""

    def __init__(self) -> None:
        tally = os.environ.get(TALLY)
        self._tally = Path(tally) if tally else None
        self._releases = json.loads(self._tally.read_text())["total"] if self._tally else 0
        self._started, self._since = time.monotonic(), time.time() * 1000
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._done: set[str] = set()
        if self._tally:
            atexit.register(self._tell)

    @contextlib.contextmanager
    def clock(self, what: str) -> Iterator[None]:
        """Add the time that the body takes."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._seconds[what] += time.monotonic() - started

    def begin(self, commit: str) -> None:
        """Take note that a release is measured."""
        self._done.add(commit)

    def measured(self, result: results.Results) -> None:
        """Take note of how long asv's benchmarks of a release took."""
        for name, started in result.started_at.items():
            if started and started >= self._since:
                self._seconds["benchmarks"] += result.duration.get(name) or 0

    def next(self) -> None:
        """Say how much is left, between two releases."""
        done, left = len(self._done), self._releases - len(self._done)
        if done and left > 0:
            gone = time.monotonic() - self._started
            rest = _minutes(gone / done * left)
            _say(f"{done} of {self._releases} releases in {_minutes(gone)}, about {rest} left")

    def _tell(self) -> None:
        assert self._tally is not None
        self._tally.write_text(json.dumps({"releases": len(self._done), **self._seconds}))


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 100 else f"{seconds:.0f} s"


def _release(commit_hash: str) -> releases.Release:
    version = _versions().get(commit_hash)
    if version is None:
        raise util.UserError(f"{commit_hash[:8]} is no release's commit")
    return releases.find(releases.load(), version)


@functools.cache
def _versions() -> dict[str, str]:
    return {commit: version for version, commit in repository.commits().items()}


def _import_error(built: recipes.Environment) -> str | None:
    """Say why a release does not import; asked once in an environment's life (0.5 s).

    That also leaves its bytecode compiled, so that no benchmark times the compiler.
    """
    kept = built.path / "import.json"
    with contextlib.suppress(OSError, ValueError):
        return json.loads(kept.read_text())["error"]  # type: ignore[no-any-return]
    error = asyncio.run(building.import_failure(built))
    kept.write_text(json.dumps({"error": error}))
    return error


def _environ(environ: Mapping[str, str], path: str) -> dict[str, str]:
    """The release's own, and nothing of what our user has set for other programs."""
    drop = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS",
            "PYTHONDONTWRITEBYTECODE")  # fmt: skip
    kept = {name: value for name, value in environ.items() if name not in drop}
    return {**kept, "VIRTUAL_ENV": path, "ASV_PYTHONPATH": str(RUNNER)}


def _link_runner() -> None:
    """Give the releases' interpreters the asv_runner of this asv, and nothing beside it."""
    spec = importlib.util.find_spec("asv_runner")
    assert spec is not None
    assert spec.submodule_search_locations
    package, link = Path(spec.submodule_search_locations[0]).resolve(), RUNNER / "asv_runner"
    if not link.is_symlink() or link.readlink() != package:
        RUNNER.mkdir(parents=True, exist_ok=True)
        part = RUNNER / f"part{os.getpid()}"
        part.symlink_to(package)
        part.replace(link)


def _get_spawner(env: Nox, benchmark_dir: str, launch_method: str) -> runner.Spawner:
    """Start no fork server where there is nothing to fork."""
    return _asv_get_spawner(env, benchmark_dir, "spawn" if env.fault else launch_method)


def _save(result: results.Results, folder: str) -> None:
    """Save a release's results whole or not at all, and only what was measured beside RabbitMQ."""
    _stop_if_void(result.commit_hash, "".join(filter(None, result.stderr.values())))
    _progress.measured(result)
    with tempfile.TemporaryDirectory(dir=this_machine.ASV) as part:
        _asv_save(result, part)
        for file in Path(part).glob("*/*.json"):
            target = Path(folder) / file.relative_to(part)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)


class _Comparable:
    """A release's results, less what depends on what the machine did in that minute."""

    def __init__(self, result: results.Results, absolute: Collection[str]) -> None:
        self._result, self._absolute = result, absolute

    def __getattr__(self, name: str) -> Any:
        return getattr(self._result, name)

    def get_all_result_keys(self) -> list[str]:
        """As asv asks for them."""
        return [key for key in self._result.get_all_result_keys() if key not in self._absolute]


def _on_file(folder: str, name: str, commit: str) -> Iterator[_Comparable]:
    """What is on file of a release, as `asv compare` is to see it."""
    absolute = _absolute(folder)
    return (_Comparable(result, absolute) for result in _asv_on_file(folder, name, commit))


def _print_table(conf: Any, *args: Any, **options: Any) -> Any:
    """Compare what compares: `asv compare`, and `asv continuous`, which brings its results."""
    absolute = _absolute(conf.results_dir)
    for name in ("resultset_1", "resultset_2"):
        if options.get(name) is not None:
            options[name] = [row for row in options[name] if row[0] not in absolute]
    if "resultset_1" not in options:  # taken on any day
        options["factor"] = max(options["factor"], MOVED)
    told = _asv_print_table(conf, *args, **options)
    _say(
        f"Left out: {len(absolute)} benchmarks in seconds or messages per second, which depend on"
        " what the machine did then. A rule for what counts: nox -s check"
    )
    return told


def _absolute(folder: str) -> set[str]:
    """Benchmarks whose figures compare with nothing but what was measured in the same turns."""
    with contextlib.suppress(OSError, ValueError):
        table = json.loads((Path(folder) / "benchmarks.json").read_text(encoding="utf-8"))
        rows = {name: row for name, row in table.items() if isinstance(row, dict)}
        return {name for name, row in rows.items() if row.get("unit") in ABSOLUTE}
    return set()


def _stop_if_void(commit_hash: str, output: str) -> None:
    """End the run unless RabbitMQ has been well all the time."""
    trouble = rabbitmq().trouble()
    if VOID in output:
        trouble = trouble or "it did not answer plain aio-pika"
    if trouble:
        _stop(
            f"RabbitMQ failed while {_release(commit_hash).version} was measured ({trouble}):"
            " nothing is recorded for it; go on with `nox -s bench -- --missing`"
        )


def _say(text: str) -> None:
    log.flush()
    print(text, flush=True)


def _stop(line: str) -> NoReturn:
    """End asv, which then records nothing for the release at hand."""
    log.flush()
    log.error(line)
    log.flush()
    raise SystemExit(TROUBLE)


_progress = _Progress()
for _name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # of a git hook that we may run in
    os.environ.pop(_name, None)
try:
    repository.ensure()
except OutsideError as _error:
    _stop(str(_error))
_link_runner()
_asv_get_spawner, runner.get_spawner = runner.get_spawner, _get_spawner
_asv_save, results.Results.save = results.Results.save, _save
_asv_on_file = compare.iter_results_for_machine_and_hash
compare.iter_results_for_machine_and_hash = _on_file
_asv_print_table = compare.Compare.print_table
compare.Compare.print_table = staticmethod(_print_table)
machine.Machine.hardcoded_machine_name = this_machine.register()
machine.MachineCollection.get_machine_file_path = staticmethod(lambda: str(this_machine.FILE))
