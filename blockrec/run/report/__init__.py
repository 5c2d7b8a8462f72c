"""`report.html` of a run: one page without scripts or other files, for light and dark screens."""

from __future__ import annotations

from pathlib import Path

from blockrec.disk import replace_text
from blockrec.run.find import find_run
from blockrec.run.names import REPORT
from blockrec.run.report.files import read_run
from blockrec.run.report.page import page

__all__ = ["write_report"]


def write_report(run: str | Path, out: str | Path | None = None, *, runs_dir: str | Path = "runs") -> Path:
    """Write the page of a run, finished or not, to `out` (default: `report.html` in its directory) and say where.

    run: see `find_run`. It is made from the files of the run alone, whenever that is. Raises `BlockrecError`: E009.
    """
    folder = find_run(run, runs_dir)
    target = Path(out) if out is not None else folder / REPORT
    replace_text(target, page(read_run(folder)))
    return target
