"""A document as a file of its own: everything merged in, and paths that still lead to the same files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from blockrec.language.environment import is_environment
from blockrec.language.files import folder_of
from blockrec.language.mentions import teaching, unmentioned_features
from blockrec.language.names import own_features
from blockrec.language.schema.tree import is_leaves
from blockrec.language.values import UNKNOWN, List, Map
from blockrec.language.wordlist import is_file_name

TREE = "tree"
DATA_FILES = (("events",), ("train",), ("valid",), ("test",), ("items", "table"), ("samples", "from"))
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
        if is_leaves(data.section(TREE).get("by")):
            sections["data"] = _with_absolute(sections["data"], data, (TREE, "by"))
    if isinstance(root.get("features"), Map):
        sections["features"] = _with_absolute_words(root["features"], features)
    return sections


def reached(root: Map, own: Iterable[str]) -> Map:
    """`root` without the composites that neither are its own nor are used by its nodes."""
    blocks = root.section("blocks")
    needed, open_ = set(own), [*_used(root.without("blocks"))]
    open_ += [use for name in needed for use in _used(blocks[name])]
    while open_:
        name = open_.pop()
        if name.startswith("$"):
            return root
        if name in blocks and name not in needed:
            needed.add(name)
            open_ += _used(blocks[name])
    if len(needed) == len(blocks):
        return root
    return _with(root, "blocks", blocks.only(*needed))


def without_unmentioned(root: Map, card_file: str | None) -> Map:
    """`root` without the features of the dataset card that nothing mentions and that teach the others nothing."""
    features = root.section("features")
    unmentioned = unmentioned_features(root)
    unneeded = unmentioned - teaching(features, unmentioned) - own_features(features, card_file).keys()
    return _with(root, "features", features.without(*unneeded)) if unneeded else root


def _with(root: Map, key: str, section: Map) -> Map:
    """`root` with another value at a key that it has."""
    value = (root.keys_at[key], section, root.at[key])
    return Map(root.span, {k: value if k == key else entry for k, entry in root.entries().items()}, root.deleted)


def _used(value: Any) -> Iterator[str]:
    """What the nodes in `value` name as `block`, and tasks as `loss`."""
    for key, item in value.items() if isinstance(value, Map) else ():
        if key in ("block", "loss") and isinstance(item, str):
            yield item
        yield from _used(item)


def _with_absolute_words(written: Any, evaluated: Map) -> Any:
    """The features, and fields of sequences, as written, with the files of `vocab:` absolute."""
    found = dict(written)
    for name, spec in evaluated.only(*written).items():
        if isinstance(spec, Map) and is_file_name(spec.get("vocab")):
            found[name] = {**written[name], "vocab": _absolute(spec["vocab"], spec.at["vocab"])}
        elif isinstance(spec, Map) and isinstance(spec.get("fields"), Map):
            found[name] = {**written[name], "fields": _with_absolute_words(written[name]["fields"], spec["fields"])}
    return found


def _with_absolute(written: Any, data: Map, path: tuple[str, ...]) -> Any:
    """`written` with the paths at `path` absolute."""
    key, *rest = path
    if key not in data or data[key] is UNKNOWN or is_environment(written[key]):
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
    """A relative path from the folder of the file that says so; `package:`, `fetched:` and `required` are no paths."""
    if not isinstance(path, str) or path == "required" or path.startswith(("package:", "fetched:")):
        return path
    return str((folder_of(at) / Path(path).expanduser()).absolute())
