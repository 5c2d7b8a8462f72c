"""Archives → plain files in one folder; nothing is written outside it."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, cast

from blockrec.diagnostics import fail

Opens = Callable[[], IO[bytes]]
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError)


def unpack(path: Path, folder: Path) -> None:
    """The files of a zip, tar or gz archive into `folder`, without the one folder that all of them lie in; any other
    file is copied. Raises `BlockrecError` (E506) for an archive that is damaged or points elsewhere.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _members(path) as members:
            skip = _common([name for name, _ in members])
            for name, opens in members:
                target = folder.joinpath(*PurePosixPath(name).parts[skip:])
                target.parent.mkdir(parents=True, exist_ok=True)
                with opens() as source, target.open("wb") as out:
                    shutil.copyfileobj(source, out, 1 << 20)
    except _BROKEN as error:
        raise fail("E506", f"`{path.name}` cannot be unpacked: {error}", help="download it again") from None


@contextmanager
def _members(path: Path) -> Iterator[list[tuple[str, Opens]]]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            yield [(name, partial(archive.open, name)) for name in names if _is_data(path, name)]
    elif path.suffixes[-2:] == [".tar", ".gz"] or path.suffix in {".tar", ".tgz"}:
        with tarfile.open(path) as tar:
            files = [member for member in tar.getmembers() if member.isfile()]
            yield [(m.name, partial(_file_of, tar, m)) for m in files if _is_data(path, m.name)]
    elif path.suffix == ".gz":
        yield [(path.stem, partial(_unpacked, path))]
    else:
        yield [(path.name, lambda: path.open("rb"))]


def _file_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    assert file is not None  # it is a plain file
    return file


def _unpacked(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path))


def _is_data(path: Path, name: str) -> bool:
    """Not what the Finder of macOS adds; E506 for a name that leads out of the folder."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or "\\" in name:
        raise fail(
            "E506", f"`{path.name}` holds a file `{name}`, which lies outside the archive", help="do not trust it"
        )
    return parts[0] != "__MACOSX" and not parts[-1].startswith("._")


def _common(names: list[str]) -> int:
    """1 if all files lie in one folder, else 0."""
    first = {PurePosixPath(name).parts[0] for name in names}
    return int(len(first) == 1 and all(len(PurePosixPath(name).parts) > 1 for name in names))
