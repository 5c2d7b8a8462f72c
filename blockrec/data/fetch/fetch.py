"""A data set from its publisher into its folder: download, compare checksums, unpack, rename."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from blockrec.data import store
from blockrec.data.fetch import places
from blockrec.data.fetch.alone import alone
from blockrec.data.fetch.catalogue import Entry, Remote, name_of
from blockrec.data.fetch.checks import Against, Hashes, check
from blockrec.data.fetch.download import Download, Progress
from blockrec.data.fetch.places import Seen
from blockrec.data.fetch.unpack import unpack
from blockrec.diagnostics import BlockrecError, fail

DOWNLOADS = ".downloads"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Fetched:
    """One file that was downloaded, and what its checksum was compared with."""

    remote: Remote
    seen: Seen
    against: Against


def wanted(entry: Entry, addresses: Sequence[str]) -> tuple[Remote, ...]:
    """The files to get: those of the catalogue, from other addresses where some are given (URLs, or files that are
    there already). Raises `BlockrecError` (E506) where it is not clear what to get.
    """
    if not addresses and not entry.files:
        message = f"`{entry.name}` has no address that can be downloaded without an account"
        help = f"get it from {entry.page} and write `blockrec fetch {entry.name} --url FILE`, or --set data.root=FOLDER"
        raise fail("E506", message, help=help)
    if not entry.files:
        return tuple(Remote(name_of(address), address) for address in addresses)
    if len(addresses) == len(entry.files) == 1:
        return (replace(entry.files[0], url=addresses[0]),)
    given = {name_of(address): address for address in addresses}
    known = {remote.name for remote in entry.files}
    if strange := sorted(set(given) - known):
        message = f"`{strange[0]}` is not one of the files of `{entry.name}`"
        raise fail("E506", message, help=f"they are called {', '.join(sorted(known))}")
    return tuple(replace(remote, url=given.get(remote.name, remote.url)) for remote in entry.files)


def fetch(
    entry: Entry,
    files: Sequence[Remote],
    progress: Progress = lambda *_: None,
    say: Say = lambda _: None,
    wait: float = 1.0,
) -> list[Fetched]:
    """Fill the folder of a data set; it appears when all is there. Checksums are those of the catalogue, else of the
    user's catalogue, which is told those of a first download. Raises `BlockrecError` (E506).

    progress: see `Download`. say: called with a few words before each longer step. wait: see `Download`.
    """
    downloads = places.home() / DOWNLOADS / entry.name
    with alone(downloads, entry.name):
        seen = places.recorded(entry.name)
        got = [_got(remote, downloads, seen.get(remote.name), progress, wait) for remote in files]
        _fill(entry, got, downloads, say)
    shutil.rmtree(downloads, ignore_errors=True)
    return [found for _, found in got]


def _fill(entry: Entry, got: Sequence[tuple[Path, Fetched]], downloads: Path, say: Say) -> None:
    """Unpack what has arrived into the folder of the set, and record it."""

    def build(scratch: Path) -> None:
        for path, found in got:
            say(f"unpacking {path.name}")
            unpack(path, scratch / found.remote.into)
        _holds(entry, scratch)

    try:
        store.built(places.folder_of(entry.name), build)
    except BlockrecError:
        shutil.rmtree(downloads, ignore_errors=True)
        raise
    places.record(entry.name, {found.remote.name: found.seen for _, found in got})


def _got(remote: Remote, downloads: Path, seen: Seen | None, progress: Progress, wait: float) -> tuple[Path, Fetched]:
    """The file on this machine, compared."""
    if "://" not in remote.url:
        return _compared(_local(remote), remote, seen)
    if not remote.url.startswith(("https://", "http://")):
        raise fail(
            "E506", f"`{remote.url}` is neither http nor https", help="a file on this machine is given as a path"
        )
    download = Download(remote.url, downloads / remote.name, remote.bytes, progress, wait)
    resumed = download.target.exists() or download.run()
    try:
        return _compared(download.target, remote, seen)
    except BlockrecError:
        download.discard()
        if not resumed:
            raise
    # Two halves of different files, perhaps: once more, from the start.
    download.run()
    try:
        return _compared(download.target, remote, seen)
    except BlockrecError:
        download.discard()
        raise


def _compared(path: Path, remote: Remote, seen: Seen | None) -> tuple[Path, Fetched]:
    found = Hashes.of(path)
    against = check(found, remote, seen)
    return path, Fetched(remote, Seen(remote.url, found.sha256, found.bytes), against)


def _local(remote: Remote) -> Path:
    path = Path(remote.url).expanduser()
    if not path.is_file():
        raise fail("E506", f"no file `{remote.url}`", help="--url is an address, https://…, or a file on this machine")
    return path


def _holds(entry: Entry, folder: Path) -> None:
    missing = [name for name in entry.holds if not (folder / name).is_file()]
    if missing:
        found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        message = f"`{missing[0]}` is not in what was downloaded for `{entry.name}`"
        raise fail("E506", message, help=f"found {', '.join(found[:10]) or 'nothing'}")
