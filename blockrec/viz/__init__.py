"""Pictures of a checked graph: `svg` for a browser or a page, `mermaid` for Markdown, `text` for a terminal.

Every format starts from the same scene (`build`): what the compiler made is folded back into what the user wrote,
features stand in boxes by destination, composites are clusters. A writer loads when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blockrec.viz.writers.mermaid import mermaid
    from blockrec.viz.writers.svg import svg
    from blockrec.viz.writers.text import text

__all__ = ["mermaid", "svg", "text"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'blockrec.viz' has no attribute {name!r}")
    return getattr(importlib.import_module(f"blockrec.viz.writers.{name}"), name)
