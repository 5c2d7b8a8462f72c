"""The kernels of a model, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from blockrec.cli.columns import columns

if TYPE_CHECKING:
    from blockrec.graph.kernels import Choice


def page(choices: Sequence[Choice]) -> str:
    """A line an op of a node: what is asked for, what it gets here, and why not a better one."""
    if not choices:
        return "no node binds a kernel"
    rows = [(c.node, c.op, c.asked, c.bound or "none", c.why if c.why != "asked for" else "") for c in choices]
    return "\n".join(columns([("node", "op", "asked", "kernel", "why not another"), *rows]))
