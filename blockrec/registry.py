"""`@block`, and finding blocks by name without importing torch.

Blocks come from `blockrec.blocks` (every module in it), from installed packages with the entry point group
`blockrec.blocks`, from the `imports:` of a model file, and from `@block` in the running program. Signatures are
cached by the state of the source files, so that a model file is checked in a fraction of a second.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from blockrec import cache
from blockrec.diagnostics import fail
from blockrec.signature import Signature

PACKAGE = "blockrec.blocks"
ENTRY_POINTS = "blockrec.blocks"
_HERE = Path(__file__).parent
_CLASS = TypeVar("_CLASS", bound=type)


@dataclass(frozen=True)
class Entry:
    """A registered block.

    module: importable module, or the path of a `.py` file; qualname: the class in it.
    state: changes whenever the source does, so that results computed from it can be cached.
    """

    name: str
    signature: Signature
    module: str
    qualname: str
    state: str

    def load(self) -> type:
        """The class itself; imports torch."""
        live = _live.get(self.name)
        if live is not None and live[0].module == self.module:
            return live[1]
        _import(self.module)
        return _live[self.name][1]


_live: dict[str, tuple[Entry, type]] = {}
"""Blocks whose class is loaded in this process."""


def block(name: str) -> Callable[[_CLASS], _CLASS]:
    """Register an `nn.Module` under `name`; its `forward` annotations declare the ports.

    Raises `TypeError` if the annotations cannot be read, `BlockrecError` (E210) if another class has the name.
    """

    def register(cls: _CLASS) -> _CLASS:
        from blockrec.annotations import read_signature

        file = sys.modules[cls.__module__].__dict__.get("__blockrec_file__")
        entry = Entry(name, read_signature(cls), file or cls.__module__, cls.__qualname__, _state_of(cls))
        known = _live.get(name)
        if known is not None and (known[0].module, known[0].qualname) != (entry.module, entry.qualname):
            raise fail("E210", f"block `{name}` is registered twice: by `{known[0].module}` and by `{entry.module}`")
        _live[name] = (entry, cls)
        return cls

    return register


def catalogue(imports: Iterable[str | Path] = ()) -> dict[str, Entry]:
    """Every block that a model may name, with those of `imports` (modules or `.py` files): name → entry."""
    found = dict(_packaged())
    found |= {name: entry for name, (entry, _) in _live.items() if name not in found}
    for where in imports:
        for entry in _imported(str(where)):
            known = found.get(entry.name)
            if known is not None and known.module != entry.module:
                raise fail("E210", f"block `{entry.name}` of `{where}` is registered already by `{known.module}`")
            found[entry.name] = entry
    return found


def names(imports: Iterable[str | Path] = ()) -> list[str]:
    """Names of all blocks, sorted."""
    return sorted(catalogue(imports))


def find(name: str, imports: Iterable[str | Path] = ()) -> Entry | None:
    """The block called `name`, or None."""
    return catalogue(imports).get(name)


def _packaged() -> Mapping[str, Entry]:
    """Blocks of this package and of installed ones, from the cache if no source has changed."""
    points = tuple(importlib.metadata.entry_points(group=ENTRY_POINTS))
    state = cache.digest([_tree_state(), sys.version_info[:3], [(p.value, p.dist and p.dist.version) for p in points]])
    return _cached(f"signatures/{state}", lambda: _load_packaged([p.module for p in points]))


def _load_packaged(modules: list[str]) -> list[Entry]:
    package = importlib.import_module(PACKAGE)
    found = [m.name for m in pkgutil.walk_packages(package.__path__, f"{PACKAGE}.") if not m.ispkg]
    return [entry for module in [*found, *modules] for entry in _blocks_in(_import(module))]


def _imported(where: str) -> list[Entry]:
    if not where.endswith(".py"):
        return _blocks_in(_import(where))
    try:
        content = Path(where).read_bytes()
    except (OSError, ValueError) as error:
        help = "the path starts at the file that says so"
        raise fail(
            "E210", f"cannot import `{where}`: {getattr(error, 'strerror', None) or error}", help=help
        ) from error
    state = cache.digest([str(Path(where).resolve()), _content(content), _tree_state()])
    return list(_cached(f"signatures/{state}", lambda: _blocks_in(_import(where))).values())


def _cached(name: str, compute: Callable[[], list[Entry]]) -> dict[str, Entry]:
    stored = cache.read_json(name)
    if stored is None:
        entries = compute()
        cache.write_json(name, [{**vars(e), "signature": e.signature.to_json()} for e in entries])
    else:
        entries = [Entry(**{**item, "signature": Signature.from_json(item["signature"])}) for item in stored]
    return {entry.name: entry for entry in entries}


def _import(where: str) -> ModuleType:
    """A module by name or by file; whatever it raises becomes a diagnostic."""
    try:
        return _import_file(Path(where)) if where.endswith(".py") else importlib.import_module(where)
    except Exception as error:
        if where.startswith(PACKAGE):
            raise
        missing = isinstance(error, ModuleNotFoundError)
        help = (
            "a file of blocks is written with its ending: my_blocks.py" if missing else "run it with Python to see more"
        )
        raise fail("E210", f"cannot import `{where}`: {type(error).__name__}: {error}", help=help) from error


def _import_file(path: Path) -> ModuleType:
    path = path.resolve()
    name = f"blockrec_imports.{path.stem}_{_content(path.read_bytes())}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    module.__dict__["__blockrec_file__"] = str(path)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _blocks_in(module: ModuleType) -> list[Entry]:
    classes = [value for value in vars(module).values() if getattr(value, "__module__", None) == module.__name__]
    return [entry for entry, cls in _live.values() if any(cls is c for c in classes)]


def _content(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _tree_state() -> str:
    """The state of the sources that built-in signatures depend on: names, sizes and times, not contents."""
    files = [*sorted((_HERE / "blocks").rglob("*.py")), _HERE / "annotations.py", _HERE / "signature.py"]
    stats = [(str(f), (s := f.stat()).st_mtime_ns, s.st_size) for f in files]
    return cache.digest(stats)


def _state_of(cls: type) -> str:
    """Built-in blocks share one state (they share helpers); others have that of their file, or none in a session."""
    if cls.__module__.startswith(PACKAGE):
        return _tree_state()
    file: Any = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return _content(Path(file).read_bytes()) if file and Path(file).exists() else ""
