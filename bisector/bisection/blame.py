"""Whose fault a flip is: the two releases beside it, crossed with each other's dependencies."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bisector.environments.recipes import Difference, Environment, closure, differences
from bisector.questions.behaviour import Observation
from bisector.search.exact import Verdict
from bisector.tasks import together

if TYPE_CHECKING:
    from bisector.bisection.answer import Answer

CODE, DEPENDENCY = "own code", "dependency"
EITHER, TOGETHER, UNKNOWN = "either alone", "both together", "unknown"

Observe = Callable[[str, Environment], Coroutine[Any, Any, Observation]]
"""Probes an environment under a name; the verdict of one fresh process."""


@dataclass(frozen=True)
class Blame:
    """Whose fault a flip is, and how that was seen."""

    guilty: str
    """`own code`, `dependency`, `either alone`, `both together` or `unknown`."""
    sentence: str
    differences: tuple[Difference, ...]
    crosses: tuple[tuple[str, Observation], ...] = ()
    """What was probed, in words, and what it did."""
    dependency: str | None = None
    """The dependency that flips it alone, where one does."""
    inner: Answer | None = field(default=None, compare=False)
    """The bisection of that dependency's releases."""


def verdict_of(
    from_: Verdict, old_code_new_deps: Verdict | None, new_code_old_deps: Verdict | None
) -> str:
    """Say who is guilty from the two crosses; None or `skip` where one could not be tested."""
    crosses = (old_code_new_deps, new_code_old_deps)
    if None in crosses or Verdict.SKIP in crosses:
        return UNKNOWN
    deps_flip, code_flips = (verdict is not from_ for verdict in crosses)
    if code_flips and deps_flip:
        return EITHER
    if code_flips:
        return CODE
    return DEPENDENCY if deps_flip else TOGETHER


async def blame(
    package: str,
    before: tuple[str, Environment],
    after: tuple[str, Environment],
    from_: Verdict,
    observe: Observe,
) -> Blame:
    """Cross two neighbouring releases of a package with each other's dependencies.

    Args:
        before: the last release with the verdict `from_`, and its environment, which is whole.
        after: the first release with the other verdict, likewise.
    """
    (old, old_env), (new, new_env) = before, after
    old_deps, new_deps = _others(old_env, package), _others(new_env, package)
    changed = differences(old_deps, new_deps)
    if not changed:
        sentence = f"It is {package}'s own code: both releases have the same dependencies."
        return Blame(CODE, sentence, changed)
    crosses = [
        (f"{package} {old} with the dependencies of {new}", _cross(old_env, new_deps, new_env)),
        (f"{package} {new} with the dependencies of {old}", _cross(new_env, old_deps, old_env)),
    ]
    seen = await _observe_all(crosses, observe)
    guilty = verdict_of(from_, seen[0][1].verdict, seen[1][1].verdict)
    dependency = None
    if guilty == DEPENDENCY:
        # The one that brings the fewest others with it first: it is the better explanation.
        candidates = sorted(
            (name for name, a, b in changed if a and b),
            key=lambda name: len(closure(new_env, name)),
        )
        single = []
        for name in candidates:
            moved = {n: new_deps[n] for n in closure(new_env, name) if n in new_deps}
            label = f"{package} {old} with {name} {new_deps[name]}"
            single.append((label, _cross(old_env, {**old_deps, **moved}, new_env)))
        alone = await _observe_all(single, observe)
        seen += alone
        flipped = [
            name
            for name, (_, one) in zip(candidates, alone, strict=True)
            if one.verdict not in (from_, Verdict.SKIP)
        ]
        dependency = flipped[0] if flipped else None
    sentence = _sentence(package, guilty, dependency, seen, new_deps)
    return Blame(guilty, sentence, changed, tuple(seen), dependency)


async def _observe_all(
    named: Sequence[tuple[str, Environment]], observe: Observe
) -> list[tuple[str, Observation]]:
    observations = await together(observe(name, where) for name, where in named)
    return [(name, seen) for (name, _), seen in zip(named, observations, strict=True)]


def _others(environment: Environment, package: str) -> dict[str, str]:
    return {n: v for n, v in environment.dependencies().items() if n != package}


def _cross(code: Environment, pins: Mapping[str, str], donor: Environment) -> Environment:
    """One release's code with another's dependencies; what only the code needs is free."""
    days = [day for day in (code.exclude_newer, donor.exclude_newer) if day]
    return replace(
        code,
        constraints=tuple(f"{name}=={version}" for name, version in sorted(pins.items())),
        exclude_newer=max(days) if len(days) == 2 else None,
    )


def _sentence(
    package: str,
    guilty: str,
    dependency: str | None,
    seen: Sequence[tuple[str, Observation]],
    new_deps: Mapping[str, str],
) -> str:
    if guilty == CODE:
        return f"It is {package}'s own code: the dependencies change nothing."
    if guilty == DEPENDENCY:
        if dependency is None:
            return "It is the dependencies, but none of those that changed does it alone."
        return f"It is a dependency, {dependency} {new_deps[dependency]}: {package} is not guilty."
    if guilty == EITHER:
        return f"It is both: {package}'s own code and its dependencies, either of them alone."
    if guilty == TOGETHER:
        return f"It is {package}'s own code and its dependencies together: neither alone does it."
    reasons = [
        f"{name} cannot be tested ({observation.reason})"
        for name, observation in seen
        if observation.verdict is Verdict.SKIP
    ]
    return f"Whose fault it is cannot be said: {'; '.join(reasons)}"
