"""Checksums of files: as published, as recorded by an earlier download, or new."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from blockrec.data.fetch.catalogue import Remote
from blockrec.data.fetch.places import Seen
from blockrec.diagnostics import BlockrecError, fail

Against = Literal["published", "recorded", "nothing"]


@dataclass(frozen=True)
class Hashes:
    """Of the bytes of one file."""

    sha256: str
    md5: str
    bytes: int

    @classmethod
    def of(cls, path: Path) -> Hashes:
        """Read once."""
        sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                sha256.update(piece)
                md5.update(piece)
                size += len(piece)
        return cls(sha256.hexdigest(), md5.hexdigest(), size)


def check(found: Hashes, remote: Remote, seen: Seen | None) -> Against:
    """What the file was compared with; raises `BlockrecError` (E506) where it differs."""
    for name, expected in (("sha256", remote.sha256), ("md5", remote.md5)):
        if expected is not None and getattr(found, name) != expected:
            raise _differs(remote, name, expected, getattr(found, name), "published")
    if remote.sha256 or remote.md5:
        return "published"
    if seen is None:
        return "nothing"
    if found.sha256 != seen.sha256:
        raise _differs(remote, "sha256", seen.sha256, found.sha256, "recorded by the first download")
    return "recorded"


def _differs(remote: Remote, name: str, expected: str, found: str, whose: str) -> BlockrecError:
    message = f"`{remote.name}` has {name} {found}, not the one {whose}, {expected}"
    help = "it was damaged or replaced on the way, or its publisher has changed it; nothing of it was kept"
    return fail("E506", message, help=help)
