"""The packaged catalogue of published data sets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from blockrec.diagnostics import did_you_mean, fail

FILE = Path(__file__).with_name("catalogue.yaml")


@dataclass(frozen=True)
class Remote:
    """One file to get: the name it is kept under, where it is, and what is known of it.

    sha256, md5, bytes: as published; None if nobody states it. into: a folder below that of the data set.
    """

    name: str
    url: str
    sha256: str | None = None
    md5: str | None = None
    bytes: int | None = None
    into: str = ""


@dataclass(frozen=True)
class Entry:
    """A data set. `files` is empty if it has to be got by hand; `holds`: files that are there in the end."""

    name: str
    title: str
    page: str
    licence: str
    files: tuple[Remote, ...]
    holds: tuple[str, ...]


def names() -> dict[str, list[str]]:
    """Name → its parts (empty if it has none)."""
    return {name: list(entry.get("parts", ())) for name, entry in _packaged().items()}


def entry_of(name: str) -> Entry:
    """The entry `name`, or of a part `name/part`; raises `BlockrecError` (E111) if there is none."""
    plain, _, part = name.partition("/")
    known = names()
    if plain not in known:
        raise fail("E111", f"no data set `{plain}` is known", help=did_you_mean(plain, known, _listed(known)))
    if known[plain] and part not in known[plain]:
        help = did_you_mean(part, known[plain], f"its parts: {', '.join(known[plain])}")
        what = (
            f"`{plain}` has no part `{part}`" if part else f"`{plain}` consists of parts, `{plain}/{known[plain][0]}`"
        )
        raise fail("E111", what, help=help)
    if part and not known[plain]:
        raise fail("E111", f"`{plain}` has no parts", help=f"write `{plain}`")
    return _entry(name, part, _packaged()[plain])


def _entry(name: str, part: str, raw: dict[str, Any]) -> Entry:
    files = tuple(_remote(part, entry) for entry in raw.get("files", ()))
    holds = tuple(file.replace("{part}", part) for file in raw["holds"])
    return Entry(name, raw["title"], raw["page"], raw["licence"].strip(), files, holds)


def _remote(part: str, raw: dict[str, Any]) -> Remote:
    url = raw["url"].replace("{part}", part)
    known = {key: _of_part(raw.get(key), part) for key in ("sha256", "md5", "bytes")}
    return Remote(name_of(url), url, **known, into=raw.get("into", ""))


def _of_part(value: Any, part: str) -> Any:
    return value.get(part) if isinstance(value, dict) else value


def name_of(address: str) -> str:
    """The file name at the end of an address or a path."""
    return re.split("[?#]", address, maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1]


def _listed(known: dict[str, list[str]]) -> str:
    return f"known: {', '.join(known)}"


@cache
def _packaged() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text("utf-8")))
