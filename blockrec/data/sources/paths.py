"""Names of files in a section → paths that exist."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from blockrec.data.fetch.places import folder_of as fetched_folder
from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.files import folder_of
from blockrec.language.values import List, Map

_PACKAGE, _FETCHED = "package:", "fetched:"


def root_of(section: Map, report: Diagnostics) -> Path | None:
    """The folder that `root` names; None without `root`, or after E501."""
    if "root" not in section:
        return None
    name, at = str(section["root"]), section.at["root"]
    how = str(section.get("how_to_get", ""))
    if name == "required":
        report.error("E501", "the folder of the data is not given", at, help=how or "write --set data.root=FOLDER")
        return None
    if name.startswith(_FETCHED):
        return _fetched(name.removeprefix(_FETCHED), at, how, report)
    found = _package(name.removeprefix(_PACKAGE)) if name.startswith(_PACKAGE) else folder_of(at) / _expanded(name)
    if found is None or not found.is_dir():
        what = (
            f"Python package `{name.removeprefix(_PACKAGE)}` is not installed"
            if found is None
            else f"no folder `{found}`"
        )
        report.error("E501", what, at, help=how)
        return None
    return found


def _fetched(name: str, at: Span, how: str, report: Diagnostics) -> Path | None:
    """The folder that `blockrec fetch` has filled."""
    folder = fetched_folder(name)
    if folder.is_dir():
        return folder
    report.error("E501", f"the data set `{name}` is not on this machine", at, help=how or f"blockrec fetch {name}")
    return None


def locate(section: Map, key: str, root: Path | None, how: str, report: Diagnostics) -> tuple[Path, ...]:
    """The files that `section[key]` names (a file, a glob or a list of them); E501 for each that is not there."""
    value = section[key]
    named = zip(value, value.at, strict=True) if isinstance(value, List) else [(value, section.at[key])]
    found: list[Path] = []
    for name, at in named:
        paths = _matches((root or folder_of(at)) / _expanded(str(name)))
        if not paths:
            report.error("E501", f"no file `{(root or folder_of(at)) / name}`", at, help=how)
        found += paths
    return tuple(found)


def _matches(path: Path) -> list[Path]:
    if any(c in path.name for c in "*?["):
        return sorted(p for p in path.parent.glob(path.name) if p.is_file())
    return [path] if path.is_file() else []


def _expanded(name: str) -> Path:
    return Path(name).expanduser()


def _package(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None
