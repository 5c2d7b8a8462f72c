"""Pictures of a checked graph: `svg` for a browser or a page, `mermaid` for Markdown, `text` for a terminal.

Every format starts from the same scene (`build`): what the compiler made is folded back into what the user wrote,
features stand in boxes by destination, composites are clusters.
"""

from __future__ import annotations

from blockrec.viz.writers.mermaid import mermaid
from blockrec.viz.writers.svg import svg
from blockrec.viz.writers.text import text

__all__ = ["mermaid", "svg", "text"]
