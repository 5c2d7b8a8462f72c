"""Finished runs on disk: how a user names them, and what they were."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blockrec.diagnostics import Diagnostics, Source, did_you_mean
from blockrec.language.defaults import SETTINGS, with_defaults
from blockrec.language.schema.parts import Schema
from blockrec.language.source import read_map
from blockrec.language.values import Map
from blockrec.run.names import RESOLVED, RESULT


@dataclass(frozen=True)
class Finished:
    """A run that ended. settings: all that it depended on but the seed, with defaults filled in, as nested mappings."""

    path: Path
    seed: int
    settings: Mapping[str, Any]
    metrics: Mapping[str, float]
    result: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The same for runs that differ in their seeds only."""
        return json.dumps(self.settings, sort_keys=True, default=str)


def find_runs(words: Iterable[str], runs_dir: str | Path, report: Diagnostics) -> tuple[list[Finished], list[str]]:
    """The runs that `words` name: run directories, folders of them, globs, models (their latest run); each once.

    What names nothing is an error. Directories that are no finished runs are told in words, and an error if there is
    nothing else.
    """
    folders = [folder for word in words for folder in _named(word, Path(runs_dir), report)]
    distinct = {folder.resolve(): folder for folder in folders}.values()
    skipped: list[str] = []
    found = [run for folder in distinct for run in _runs(folder, skipped, report)]
    runs = [*{run.path.resolve(): run for run in reversed(found)}.values()][::-1]
    if not runs and not report.failed:
        report.error(
            "E009", "; ".join(skipped), help=f"a run directory has a {RESULT}, which a run writes when it ends"
        )
    return runs, skipped


def _named(word: str, runs_dir: Path, report: Diagnostics) -> list[Path]:
    """Folders for one word of the user's."""
    if any(mark in word for mark in "*?["):
        found = sorted(path for path in _glob(word) if path.is_dir())
    else:
        latest = runs_dir / word / "latest"
        found = [path for path in (Path(word), latest, runs_dir / word) if path.is_dir()][:1]
    if not found:
        names = [path.name for path in runs_dir.iterdir()] if runs_dir.is_dir() else []
        help = did_you_mean(word, names, f"in `{runs_dir}`: {', '.join(names) or 'nothing'}")
        report.error("E009", f"there is no run `{word}`", help=help)
    return found


def _glob(word: str) -> Iterable[Path]:
    path = Path(word)
    return Path(path.anchor).glob(str(path.relative_to(path.anchor)))


def _runs(folder: Path, skipped: list[str], report: Diagnostics) -> Iterator[Finished]:
    """The run in a folder, or those in its folders."""
    within = sorted(path for path in folder.iterdir() if (path / RESULT).is_file() and not path.is_symlink())
    if (folder / RESULT).is_file():
        within = [folder]
    elif not within:
        skipped.append(f"`{folder}` {_lack(folder)}")
    for path in within:
        run = _read(path, report)
        if run is not None:
            yield run


def _lack(folder: Path) -> str:
    """Why a folder is no finished run, nor a folder of some."""
    if (folder / RESOLVED).is_file():
        return "did not finish"
    sweeps = folder / "sweeps"
    return f"is no run; its sweeps are `{sweeps}/*`" if sweeps.is_dir() else "is no run"


def _read(path: Path, report: Diagnostics) -> Finished | None:
    try:
        result = json.loads((path / RESULT).read_text("utf-8"))
        resolved = read_map(Source(str(path / RESOLVED), (path / RESOLVED).read_text("utf-8")), report)
    except (OSError, ValueError) as error:
        report.error("E009", f"cannot read the run `{path}`: {error}")
        return None
    if not isinstance(result, Mapping) or "metrics" not in result or resolved is None:
        report.error("E009", f"`{path / RESULT}` is not the result of a run")
        return None
    return Finished(path, result.get("seed", 1), _settings(resolved, result), result["metrics"], result)


def _settings(resolved: Map, result: Mapping[str, Any]) -> dict[str, Any]:
    """What decides a result. How long was trained and on what are those of the result, whoever decided them."""
    sections = {key: _filled(resolved.section(key), schema) for key, schema in SETTINGS.items()}
    decided = {"epochs", "steps", "seed", "device"}
    sections["train"] = {key: value for key, value in sections["train"].items() if key not in decided}
    training = {"steps": result.get("training", result).get("steps"), "device": result.get("device")}
    return {**resolved.without("blockrec", "doc", "watch"), **sections, "training": training}


def _filled(section: Map, schema: Schema) -> Mapping[str, Any]:
    """With defaults, unless the file has keys that this version does not know."""
    try:
        filled: Mapping[str, Any] = with_defaults(section, schema)
    except KeyError:
        return section
    return filled
