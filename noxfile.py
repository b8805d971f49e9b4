"""The interface: every command is a session, and this is the only place that installs anything.

nox -s bisect                              which release fixed or broke it, or made it slower
nox -s "release(X)" -- sibling-close       one release, one scenario
nox -s advise -- X                         what is bad in my release, what helps, where to go
nox -s check -- X                          is this release, wheel or checkout worse
nox -s changes -- OLD NEW                  all that two releases do differently
nox -s calibrate                           how far the check can be trusted, measured
nox -s lifetimes                           on which day each release died, and of what
nox -s layers                              what each layer costs: pydantic, OpenTelemetry, ...
nox -s bench -- 0.1.0 0.2.0                measure releases with asv
nox -s worker -- tcp://SCHEDULER:8786      answer for a dask scheduler, on this machine
nox -s report                              pages and figures of what is in results/
nox -s update                              what is new on the index
nox -s tests lint                          for those who change this project
nox -s coverage                            what the tests do not reach
nox -s docs                                the documentation, as pages
"""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType

import nox

sys.path.insert(0, str(Path(__file__).parent))

from bisector.environments import builder, compiled, recipes, releases
from bisector.errors import TROUBLE, OutsideError

nox.needs_version = ">=2026.8.10"
nox.options.default_venv_backend = "uv"
nox.options.sessions = ["tests", "lint"]
nox.options.error_on_missing_interpreters = True
nox.options.envdir = str(recipes.ENVIRONMENTS)

PROJECT = nox.project.load_toml("pyproject.toml")
# Where the tool finds this very Nox, to ask it for environments.
TOOL_SETTINGS = {"BISECTOR_NOX_PYTHON": sys.executable}
TOOL_PYTHON = recipes.ENVIRONMENTS / "tool" / "bin" / "python"

# `nox -l` is for finding a command: there, one line stands for all releases.
OWN_ARGUMENTS = sys.argv[: sys.argv.index("--")] if "--" in sys.argv else sys.argv
# With these Nox itself installs nothing: what the tool asks for is left to another Nox.
BUILDS = sys.platform == "linux" and not {"-R", "--no-install"} & {*OWN_ARGUMENTS}
LISTING = any(argument in ("-l", "--list", "--list-sessions") for argument in OWN_ARGUMENTS)
try:
    VERSIONS = ["X"] if LISTING else [release.version for release in releases.load()]
except OutsideError as error:  # `nox -s update` must work all the same
    print(error, file=sys.stderr)
    VERSIONS = ["X"]


@nox.session(reuse_venv=True)
def tool(session: nox.Session) -> None:
    """Install what the tool itself runs on (the other sessions ask for it)."""
    install_tool(session)


@nox.session(venv_backend="none", requires=["tool"])
def bisect(session: nox.Session) -> None:
    """Find the release where behaviour flips (`-- --help` explains the options)."""
    needs = {"--flaky": "flaky", "--figure": "figures", "--cost": "check", "--number": "check",
             "--on": "dask"}  # fmt: skip
    for option, group in needs.items():
        if any(argument.split("=")[0] == option for argument in session.posargs):
            add_to_tool(session, group)  # large, and most questions do without
    run_tool(session, "bisect", *session.posargs)


def command(name: str, does: str, *groups: str) -> None:
    """Make a session of one of the tool's commands.

    Args:
        does: what `nox -l` says of it.
        groups: what it needs beside what all commands run on; an environment of its own holds it.
    """

    def run(session: nox.Session) -> None:
        if groups:
            install_tool(session, *groups)
        python = Path(session.bin, "python") if groups else TOOL_PYTHON
        run_tool(session, name, *session.posargs, python=python)

    run.__doc__ = does
    if groups:
        nox.session(name=name, reuse_venv=True)(run)
    else:
        nox.session(name=name, venv_backend="none", requires=["tool"])(run)


command("advise", "What about my release: what is bad in it, what helps, and where to go?")
command(
    "clean", "Show what is kept from run to run, by size and age; remove what is named (`-- KIND`)."
)
command("update", "Read the releases from the package index again and print what is new.")
command(
    "check",
    "Compare a release, a wheel or a checkout with the release before it: is it worse?",
    "check",
)
command(
    "changes",
    "Compare two releases by all that they do: what is different? (`-- OLD NEW`)",
    "changes",
)
command(
    "calibrate",
    "Measure how often the check cries wolf, and what it sees (takes an hour; goes on).",
    "calibrate",
)
command(
    "lifetimes",
    "Find out on which day each release died: fresh installs without a lock stopped importing.",
    "figures",
)
command(
    "layers",
    "Measure what each layer costs, from plain aio-pika to a real handler (`-- RELEASE...`).",
    "layers",
)
command("bench", "Measure releases with asv (`-- --help` explains the options).", "bench", "check")
command(
    "report",
    "Make pages and figures of what is in results/ (`-- --help` explains the options).",
    "report",
)


@nox.session(venv_backend="none", requires=["tool"])
def worker(session: nox.Session) -> None:
    """Answer for a dask scheduler, on this machine (`-- tcp://SCHEDULER:8786`)."""
    for group in ("dask", "check"):  # rounds of a cost are judged where they are taken
        add_to_tool(session, group)
    run_tool(session, "worker", *session.posargs)


@nox.session(venv_backend="none", requires=["tool"])
def speed(session: nox.Session) -> None:
    """Measure how long the bisection takes, and print where the time goes."""
    if "--dask" in session.posargs:
        add_to_tool(session, "dask")
    if "--cost" in session.posargs:
        for group in ("calibrate", "bench"):
            add_to_tool(session, group)
    run_tool(session, "speed", *session.posargs)


@nox.session(venv_backend="none", requires=["tool"])
@nox.parametrize("version", VERSIONS, ids=VERSIONS)
def release(session: nox.Session, version: str) -> None:
    """Install one release as of its release day; `-- SCENARIO` also probes it."""
    parser = argparse.ArgumentParser(
        prog=f'nox -s "release({version})" --',
        epilog="With a scenario or a program, and all options of bisect that concern one probe:"
        " installs and probes.",
    )
    recipes.add_arguments(parser)
    recipes.add_extra(parser)
    args, program = parser.parse_known_args(session.posargs)

    if program:  # the tool comes back here to install
        run_tool(session, "probe", f"--release={version}", *session.posargs)
    else:
        wanted = releases.find(releases.load(), version)
        install(session, recipes.of(wanted, deps=args.deps, python=args.python, extras=args.extra))


@nox.session(venv_backend="none")
def environment(session: nox.Session) -> None:
    """Install what the tool asks for: a release with some dependency held, a commit, a wheel."""
    (recipe,) = session.posargs
    install(session, recipes.Environment.from_json(recipe))


@nox.session(venv_backend="none")
def build(session: nox.Session) -> None:
    """Build a wheel for the tool: `-- SOURCE_FOLDER OUT_FOLDER [PYTHON]`."""
    source, target, *python = session.posargs
    with_python = ["--python", *python] if python else []  # else the source's .python-version
    session.run(
        find_uv(), "build", "--wheel", "--out-dir", target, *with_python, source,
        # A failed build ends with its error.
        env={**releases.uv_settings(), "PYTHONUNBUFFERED": "1"},
        external=True,
    )  # fmt: skip


@nox.session(reuse_venv=True)
def tests(session: nox.Session) -> None:
    """Run the tests, on real releases and a real RabbitMQ (`-- PYTEST_ARGUMENTS`)."""
    install_tool(session, "tests")
    run_tests(session, "python", "-m", "pytest")


def run_tests(session: nox.Session, *pytest: str, codes: Sequence[int] = (0,)) -> None:
    """Run those that are asked for; or all: side by side, as most of them wait; then the others."""
    if session.posargs:
        session.run(*pytest, *session.posargs, env=TOOL_SETTINGS, success_codes=codes)
        return
    side_by_side = ["--numprocesses", str((os.cpu_count() or 1) + 1), "--dist", "worksteal"]
    for arguments in ([*side_by_side, "-m", "not alone"], ["-m", "alone"]):
        session.run(*pytest, *arguments, env=TOOL_SETTINGS, success_codes=codes)


@nox.session(reuse_venv=True)
def coverage(session: nox.Session) -> None:
    """Run the tests and print what nothing reaches (`-- PYTEST_ARGUMENTS`)."""
    install_tool(session, "coverage")
    session.run("coverage", "erase")
    # What failed is printed, and so is what was reached.
    run_tests(session, "coverage", "run", "-m", "pytest", codes=[0, 1])
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report", "--ignore-errors")  # of copies that tests took and removed


@nox.session(reuse_venv=True)
def docs(session: nox.Session) -> None:
    """Build the documentation in docs/_build; what is not right in it fails (`-- OPTIONS`)."""
    install_tool(session, "docs")
    build_docs(session, *session.posargs)
    session.log("docs/_build/index.html is the first page")


def build_docs(session: nox.Session, *options: str) -> None:
    """Build the pages strictly: a link that leads nowhere, or any other warning, fails."""
    session.run("sphinx-build", "--quiet", "--fail-on-warning", *options, "docs", "docs/_build")


@nox.session(reuse_venv=True)
def lint(session: nox.Session) -> None:
    """Check style, types, imports, workflows and pages (`-- --fix` mends what can be mended)."""
    install_tool(session, "lint")
    fix = ["--fix"] if "--fix" in session.posargs else []
    session.run("ruff", "check", *fix)
    session.run("ruff", "format", *([] if fix else ["--check"]))
    session.run("mypy")
    session.run("lint-imports", "--no-cache", "--no-logo")
    workflows = [str(file) for file in sorted(Path(".github").glob("*/*.yml"))]
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml")
    session.run("zizmor", "--offline", "--quiet", "action.yml", *workflows)
    schemas = [str(file) for file in sorted(Path("bisector/telling/schemas").glob("*.json"))]
    session.run("check-jsonschema", "--check-metaschema", *schemas)
    build_docs(session)


def install(session: nox.Session, environment: recipes.Environment, python: str = "") -> None:
    """Build an environment, unless it is there and whole.

    Args:
        python: the interpreter, where it was found already.
    """
    with environment.lock():
        if environment.stamp():
            session.log(f"Reusing {environment.path.name}.")
            return
        shutil.rmtree(environment.path, ignore_errors=True)  # what a killed run left
        uv, path = find_uv(), str(environment.path)
        env = releases.uv_settings()
        session.run_install(
            uv, "venv", "--quiet", "--no-project", "--python", python or environment.python, path,
            env=env, external=True,
        )  # fmt: skip
        pip_install = [uv, "pip", "install", "--quiet", "--python", path]
        if environment.exact:
            install_exactly(session, environment, [*pip_install, "--no-deps"], env)
        else:
            day = environment.exclude_newer
            as_of = ["--exclude-newer", day] if day else []
            held = constraints_file(environment, environment.constraints)
            session.run_install(
                *pip_install, *as_of, *held, *environment.requirements, env=env, external=True
            )
        add_requires(session, environment, pip_install, env)
        compiled.share(environment.path, recipes.ENVIRONMENTS / "compiled")
        environment.seal()


def for_tool(session: nox.Session, recipe: str) -> Callable[[], None]:
    """Return what a fork of this process has to do to build an environment."""
    environment = recipes.Environment.from_json(recipe)
    return partial(install, session, environment, found_python(environment.python))


@functools.cache
def found_python(version: str) -> str:
    """Find an interpreter once for all environments; where there is none, uv may bring it later."""
    if not (uv := uv_path()):
        return ""
    find = [uv, "python", "find", "--no-project", "--system", version]
    return subprocess.run(find, capture_output=True, text=True, check=False).stdout.strip()


def install_exactly(
    session: nox.Session,
    environment: recipes.Environment,
    pip_install: Sequence[str],
    env: dict[str, str | None],
) -> None:
    """Install distributions without resolving; all of them are mostly in uv's cache."""
    wanted = environment.requirements
    session.run_install(
        *pip_install, "--offline", *wanted, env=env, external=True, silent=True,
        success_codes=[0, 1, 2],
    )  # fmt: skip
    if len(environment.installed()) < len(wanted):
        session.run_install(*pip_install, *wanted, env=env, external=True)


def add_requires(
    session: nox.Session,
    environment: recipes.Environment,
    pip_install: Sequence[str],
    env: dict[str, str | None],
) -> None:
    """Install what the reproduction itself needs; all that is there stays as it is."""
    if environment.requires:  # they may be of any day
        there = [f"{name}=={version}" for name, version in environment.installed().items()]
        held = constraints_file(environment, there)
        session.run_install(*pip_install, *held, *environment.requires, env=env, external=True)


def constraints_file(environment: recipes.Environment, pins: Sequence[str]) -> list[str]:
    """Hold versions: returns the options for uv."""
    if not pins:
        return []
    file = environment.path / "constraints.txt"
    file.write_text("\n".join(pins), encoding="utf-8")
    return ["--constraints", str(file)]


def install_tool(session: nox.Session, *groups: str) -> None:
    """Install what the tool runs on into a session's own environment, unless it is there."""
    packages = nox.project.dependency_groups(PROJECT, "tool", *groups)
    stamp = Path(session.virtualenv.location) / "installed.txt"  # goes with the environment
    if stamp.is_file() and stamp.read_text(encoding="utf-8").splitlines() == list(packages):
        return  # asking uv again takes longer than what is left of starting the tool
    try:
        session.install(*packages, env=releases.uv_settings())
    except nox.command.CommandFailed:
        sys.exit(TROUBLE)  # Nox's own 1 would be an answer: regressed, or no flip
    stamp.write_text("\n".join(packages), encoding="utf-8")


def add_to_tool(session: nox.Session, group: str) -> None:
    """Install a dependency group into the tool's own environment."""
    packages = nox.project.dependency_groups(PROJECT, group)
    command = [find_uv(), "pip", "install", "--quiet", "--python", str(TOOL_PYTHON), *packages]
    session.run_install(*command, env=releases.uv_settings(), external=True)


def find_uv() -> str:
    """Return uv, or end with a line that says how to get it."""
    if found := uv_path():
        return found
    print('uv is missing: python -m pip install "nox[uv]"', file=sys.stderr)
    sys.exit(TROUBLE)


@functools.cache
def uv_path() -> str | None:
    """Return the uv that came with Nox, or the one on PATH."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        return shutil.which("uv")


def run_tool(session: nox.Session, *arguments: str, python: Path = TOOL_PYTHON) -> None:
    """Run the tool in its own environment; Nox ends with its exit code.

    Not through `session.run`: Nox would end with 1 whatever the code, mix standard error into
    standard output, and kill the tool 0.5 s after Ctrl-C, in the middle of its tidying up.
    """
    command = [str(python), "-m", "bisector", *arguments]
    # Files are named from where the user stands, the tool is found where it is.
    environ = {
        **os.environ,
        **TOOL_SETTINGS,
        "PYTHONPATH": str(Path(__file__).parent),
        "PYTHONSAFEPATH": "1",  # a `bisector` where the user stands is not ours
    }
    # It has Nox build environments for it through a socket, where there can be one.
    sockets = builder.pair() if BUILDS else ()
    passed = [theirs.fileno() for theirs in sockets[1:]]
    if passed:
        environ[builder.DESCRIPTOR] = str(passed[0])
    if environ.pop("PYTHONDONTWRITEBYTECODE", None):  # beside the sources; images often set it
        environ.setdefault("PYTHONPYCACHEPREFIX", str(recipes.ENVIRONMENTS / "bytecode"))
    # Held back until the tool can handle them: a Python that just starts would end in a traceback.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    process = subprocess.Popen(command, cwd=session.invoked_from, env=environ, pass_fds=passed)

    def pass_on(signum: int, _frame: FrameType | None) -> None:
        process.send_signal(signum)

    before = {s: signal.signal(s, pass_on) for s in (signal.SIGINT, signal.SIGTERM)}
    signal.pthread_sigmask(signal.SIG_SETMASK, held)
    try:
        if sockets:
            requests, theirs = sockets
            theirs.close()
            with requests:  # whoever asks later is told that nobody listens
                builder.serve(requests, partial(for_tool, session))
        code = process.wait()
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    if code:
        sys.exit(code if code > 0 else 128 - code)
