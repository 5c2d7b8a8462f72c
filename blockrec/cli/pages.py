"""The pages of diagnostic codes: Markdown in `docs/errors`, read in the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from blockrec.language.files import PACKAGE

_INSTALLED, _CHECKOUT = PACKAGE / "error_pages", PACKAGE.parent / "docs" / "errors"
PAGES = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
"""Inside an installed package, beside it in a checkout."""

LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


def file_of(code: str) -> Path:
    """Where the page of a code lies."""
    return PAGES / f"{code}.md"


def page(code: str) -> str:
    """The page of a code of `blockrec.codes` as plain text; KeyError if there is none."""
    try:
        return plain(file_of(code).read_text("utf-8"))
    except FileNotFoundError:
        raise KeyError(code) from None


def plain(markdown: str) -> str:
    """Markdown without its marks: headings as lines, examples indented, links as their text."""
    return "\n".join(_lines(markdown)).strip()


def _lines(markdown: str) -> Iterator[str]:
    fenced = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced:
            yield f"  {line}".rstrip()
        else:
            yield LINK.sub(r"\1", line.lstrip("#").strip() if line.startswith("#") else line).replace("**", "")
