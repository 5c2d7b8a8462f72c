"""The version of the language that a file is written in."""

from __future__ import annotations

from blockrec.diagnostics import Diagnostics
from blockrec.language.schema.document import VERSION
from blockrec.language.values import Map


def newer_version(file: Map, report: Diagnostics) -> bool:
    """Whether `file` is written in a version that this program does not know (E010)."""
    version = file.get("blockrec", VERSION)
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        message = f"the file is written in version {version} of the language, this blockrec reads version {VERSION}"
        report.error("E010", message, file.at["blockrec"], help="update blockrec: pip install -U blockrec")
        return True
    return False
