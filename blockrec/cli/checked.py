"""Models that commands read: checked, or refused with all their mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blockrec.cli.options import names

if TYPE_CHECKING:
    from blockrec.graph.compile import Checked


def checked_model(model: str, *, variants: list[str], no_imports: bool = False, **chosen: Any) -> Checked:
    """The model that a command's arguments name, as `check_model` takes them. Raises `BlockrecError`."""
    from blockrec.graph.compile import check_model

    checked, found = check_model(model, variants=names(variants), trusted=not no_imports, **chosen)
    found.raise_errors()
    assert checked is not None
    return checked
