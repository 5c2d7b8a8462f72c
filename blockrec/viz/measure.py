"""How wide a text is in a sans-serif font nobody has chosen yet: an estimate on the safe side.

Widths are those of DejaVu Sans and Verdana, the widest fonts that `system-ui` and `sans-serif` stand for.
"""

from __future__ import annotations

import unicodedata
from math import ceil

BOLD = 1.12
WIDTHS = {
    **dict.fromkeys("ijlI.,:;'|!", 0.34),
    **dict.fromkeys(' ftr()[]{}/\\-"`°·', 0.43),
    **dict.fromkeys("csz?_*^vxykJLF", 0.6),
    **dict.fromkeys("mwMW@%…—→", 1.03),
    **dict.fromkeys("+=<>~#&×≥≤±OQGDHNUV", 0.84),
}


def text_width(text: str, size: float, bold: bool = False) -> int:
    """Pixels that `text` needs at a font size of `size` pixels."""
    return ceil(sum(map(_char, text)) * size * (BOLD if bold else 1))


def _char(char: str) -> float:
    if char in WIDTHS:
        return WIDTHS[char]
    if unicodedata.east_asian_width(char) in "WF":
        return 1.05
    if unicodedata.combining(char):
        return 0.0
    return 0.66 if char.isascii() and not char.isupper() else 0.76


def wrap(text: str, room: float, size: float) -> list[str]:
    """Lines of `text`, broken at blanks, that fit in `room` pixels; a longer word stays whole."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
