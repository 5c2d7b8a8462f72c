"""Runs and their checkpoints, as a user names them."""

from __future__ import annotations

from pathlib import Path

from blockrec.diagnostics import did_you_mean, fail
from blockrec.run.names import CHECKPOINTS, RESOLVED


def seek_run(word: str | Path, runs_dir: str | Path = "runs") -> Path | None:
    """The run directory `word`, the latest run in the folder `word`, or of the model `word`; None if there is none."""
    for folder in (Path(word), Path(word) / "latest", Path(runs_dir) / word, Path(runs_dir) / word / "latest"):
        if (folder / RESOLVED).is_file():
            return folder.parent / folder.resolve().name if folder.is_symlink() else folder
    return None


def find_run(word: str | Path, runs_dir: str | Path = "runs") -> Path:
    """As `seek_run`; E009 if there is none."""
    if found := seek_run(word, runs_dir):
        return found
    names = [path.name for path in Path(runs_dir).iterdir()] if Path(runs_dir).is_dir() else []
    help = did_you_mean(str(word), names, f"in `{runs_dir}`: {', '.join(sorted(names)) or 'nothing'}")
    raise fail("E009", f"there is no run `{word}`", help=help)


def find_checkpoint(run: Path, name: str | None = None) -> Path:
    """The folder of a checkpoint: `best`, `last` or `step-N`; by default the best, else the last (of an export
    the only one). E009 if absent."""
    folder = run / CHECKPOINTS
    there = sorted(path.name for path in folder.glob("*") if path.is_dir() and not path.name.startswith("."))
    wanted = [name] if name is not None else ["best", "last", *there[-1:]]
    found = next((folder / option for option in wanted if option in there), None)
    if found is None:
        help = did_you_mean(wanted[0], there, f"there are: {', '.join(there) or 'none'}")
        raise fail("E009", f"the run `{run}` has no checkpoint `{wanted[0]}`", help=help)
    return found


def own_checkpoint(word: str | Path) -> Path | None:
    """The checkpoint folder that a word is a path of; None if it names something else."""
    path = Path(word)
    return path if path.parent.name == CHECKPOINTS and path.is_dir() else None
