"""Writing into a run directory: what fails is said with its file and with what is left."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, ENOTDIR
from pathlib import Path

from safetensors import SafetensorError

from blockrec.diagnostics import fail
from blockrec.run.names import CHECKPOINTS

LAST = Path(CHECKPOINTS, "last")


@contextmanager
def writing(file: Path, run: Path) -> Iterator[None]:
    """E708 for a file, or for one in that folder, which the body cannot write; it says how the run can go on."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        name = Path(error.filename or file) if isinstance(error, OSError) else file
        raise fail("E708", f"cannot write `{name}`: {_reason(error)}", help=_advice(run)) from error


def check_takes_files(folder: Path) -> None:
    """E708 unless `folder`, or what there is above it, takes files; nothing is written."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    reason = ENOTDIR if not there.is_dir() else 0 if os.access(there, os.W_OK | os.X_OK) else EACCES
    if reason:
        help = "name a folder that takes files with `--runs-dir`"
        raise fail("E708", f"cannot write `{folder}`: {os.strerror(reason)}", help=help)


def _reason(error: OSError | SafetensorError) -> str:
    """In the words of the system, which safetensors wraps: `… I/O error: No space left on device (os error 28)`."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return re.sub(r".*I/O error: | \(os error \d+\)$", "", str(error))


def _advice(run: Path) -> str:
    if not run.is_dir():
        return "name a folder that takes files with `--runs-dir`"
    if (run / LAST).exists():
        return f"the last checkpoint is whole: make room, then `blockrec run --resume {run}` goes on from it"
    return "there is no checkpoint yet: make room, and begin again"
