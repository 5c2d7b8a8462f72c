"""Recommender models as one YAML file, compiled to one torch module.

The public names load on first use, so that `import blockrec` costs nothing and needs no torch.
Training is `blockrec.run.run`.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blockrec.annotations import AtMost, Axis, Range
    from blockrec.diagnostics import BlockrecError
    from blockrec.graph.compile import check, compile
    from blockrec.jagged import Jagged
    from blockrec.language.document import load
    from blockrec.registry import block

# Threads of torch that wait by spinning starve those of numba (and of other programs); read when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

__version__ = "0.1.0"
__all__ = ["AtMost", "Axis", "BlockrecError", "Jagged", "Range", "__version__", "block", "check", "compile", "load"]

_HOMES = {
    "AtMost": "blockrec.annotations",
    "Axis": "blockrec.annotations",
    "BlockrecError": "blockrec.diagnostics",
    "Jagged": "blockrec.jagged",
    "Range": "blockrec.annotations",
    "block": "blockrec.registry",
    "check": "blockrec.graph.compile",
    "compile": "blockrec.graph.compile",
    "load": "blockrec.language.document",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'blockrec' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
