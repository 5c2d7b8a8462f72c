"""Names that the shell may complete: packaged models and cards, blocks, codes."""

from __future__ import annotations

from collections.abc import Iterable


def models(incomplete: str) -> list[str]:
    """Packaged models; file names are the shell's own business."""
    from blockrec.language.files import packaged_models

    return _starting(incomplete, packaged_models())


def cards(incomplete: str) -> list[str]:
    """Packaged dataset cards."""
    from blockrec.language.files import packaged_cards

    return _starting(incomplete, packaged_cards())


def blocks(incomplete: str) -> list[str]:
    """Blocks and forms."""
    from blockrec.cli.catalogue import signatures

    return _starting(incomplete, signatures())


def things(incomplete: str) -> list[str]:
    """What `explain` knows."""
    from blockrec.codes import CODES

    return [*blocks(incomplete), *_starting(incomplete, CODES)]


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
