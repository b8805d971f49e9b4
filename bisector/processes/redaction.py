"""What must not leave this machine with a result: passwords, and where things are here."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from bisector import ROOT

SECRET_LENGTH = 6
"""Shorter passwords, as guest, are no secret, and are words of other texts."""

Told = TypeVar("Told")


def redact(told: Told, urls: Iterable[str] = (), folders: Iterable[Path] = ()) -> Told:
    """Return text, or JSON's lists and objects of it, without secrets and machine paths.

    Args:
        urls: AMQP URLs whose passwords are masked, as they stand there and decoded.
        folders: shortened away, as the checkout and the home folder are.
    """
    passwords = {p for url in urls if (p := urlsplit(url).password or "")}
    passwords |= {unquote(password) for password in passwords}
    masks = {p: "***" for p in sorted(passwords, key=len, reverse=True) if len(p) >= SECRET_LENGTH}
    places = {f"{folder}{os.sep}": "" for folder in (ROOT, *folders) if len(str(folder)) > 1}
    home = str(Path.home())
    if len(home) > 1:
        places[home] = "~"
    return _replace(told, {**masks, **places})  # type: ignore[return-value]


def _replace(told: object, words: dict[str, str]) -> object:
    if isinstance(told, str):
        for word, instead in words.items():
            told = told.replace(word, instead)
        return told
    if isinstance(told, list):
        return [_replace(item, words) for item in told]
    if isinstance(told, dict):
        return {key: _replace(value, words) for key, value in told.items()}
    return told
