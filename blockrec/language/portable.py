"""A document as a file of its own: everything merged in, and paths that still lead to the same files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from blockrec.language.files import folder_of
from blockrec.language.values import UNKNOWN, List, Map
from blockrec.language.wordlist import is_file_name

DATA_FILES = (("events",), ("items", "table"), ("samples", "from"))
"""Values of `data` that name files; they start from `data.root` if there is one."""


def portable(root: Map, data: Map, features: Map) -> dict[str, Any]:
    """The sections to write. `data`, `features`: those sections evaluated, because a path may be an expression."""
    sections: dict[str, Any] = dict(root)
    if isinstance(root.get("imports"), List):
        sections["imports"] = [_absolute(p, at) if str(p).endswith(".py") else p for p, at in _placed(root["imports"])]
    if isinstance(root.get("data"), Map):
        files = [("root",)] if "root" in data else DATA_FILES
        for path in [] if "generate" in data else files:  # generated files have a folder of their own
            sections["data"] = _with_absolute(sections["data"], data, path)
    if isinstance(root.get("features"), Map):
        sections["features"] = _with_absolute_words(root["features"], features)
    return sections


def _with_absolute_words(written: Any, evaluated: Map) -> Any:
    """The features, and fields of sequences, as written, with the files of `vocab:` absolute."""
    found = dict(written)
    for name, spec in evaluated.items():
        if isinstance(spec, Map) and is_file_name(spec.get("vocab")):
            found[name] = {**written[name], "vocab": _absolute(spec["vocab"], spec.at["vocab"])}
        elif isinstance(spec, Map) and isinstance(spec.get("fields"), Map):
            found[name] = {**written[name], "fields": _with_absolute_words(written[name]["fields"], spec["fields"])}
    return found


def _with_absolute(written: Any, data: Map, path: tuple[str, ...]) -> Any:
    """`written` with the paths at `path` absolute."""
    key, *rest = path
    if key not in data or data[key] is UNKNOWN:
        return written
    value = data[key]
    if rest:
        new = _with_absolute(written[key], value, tuple(rest)) if isinstance(value, Map) else value
    elif isinstance(value, List):
        new = [_absolute(p, at) for p, at in _placed(value)]
    else:
        new = _absolute(value, data.at[key])
    return {**written, key: new}


def _placed(items: List) -> Any:
    return zip(items, items.at, strict=True)


def _absolute(path: Any, at: Any) -> Any:
    """A relative path from the folder of the file that says so; `package:` and `required` are no paths."""
    if not isinstance(path, str) or path == "required" or path.startswith("package:"):
        return path
    return str((folder_of(at) / Path(path).expanduser()).absolute())
