"""RabbitMQ's versions, beside each of which one FastStream release is probed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from packaging.version import InvalidVersion, Version

from bisector.axes.axis import UNDATED, Axis, Choice, held_release
from bisector.environments import recipes
from bisector.environments.recipes import Environment
from bisector.environments.releases import PACKAGE, Release, TooShortError
from bisector.errors import UserError
from bisector.rabbitmq.unpack import matches

RABBITMQ = "rabbitmq"


def of_rabbitmqs(choice: Choice, versions: Sequence[str]) -> Axis:
    """Walk RabbitMQ's versions, beside the environment of one FastStream release.

    Args:
        versions: those that can be had, oldest first.

    Raises:
        UserError: no FastStream release is named, or there are no two versions between the ends.
    """
    release = held_release(choice, RABBITMQ)
    plain = recipes.of(release, deps=choice.deps, python=choice.python, extras=choice.extras)
    one = replace(
        plain, requirements=(*plain.requirements, *choice.others()), requires=choice.requires
    )
    found = between(versions, choice.start, choice.end)
    chosen = [Release(version, UNDATED) for version in found]
    if len(chosen) < 2:
        raise TooShortError(
            f"RabbitMQ that can be had here: {', '.join(versions)}; two of them have to lie between"
            " --from and --to (`nox -s bisect -- --list-rabbitmq`, AMQP_URLS)"
        )

    def environment(_version: Release) -> Environment:
        return one

    held = f"{PACKAGE}=={release.version}"
    return Axis(RABBITMQ, chosen, environment, held, choice.options(RABBITMQ), stable_matters=False)


def between(versions: Sequence[str], start: str | None, end: str | None) -> list[str]:
    """Return the versions from one to another, both included: 4.3 includes 4.3.6.

    Raises:
        UserError: an end is no version.
    """
    try:
        oldest, newest = Version(start or "0"), Version(end) if end else None
    except InvalidVersion as error:
        raise UserError(
            f"--from and --to are versions of RabbitMQ, as 3.8 and 4.3: {error}"
        ) from None
    return [
        version
        for version in versions
        if Version(version) >= oldest
        and (newest is None or Version(version) <= newest or matches(version, str(end)))
    ]
