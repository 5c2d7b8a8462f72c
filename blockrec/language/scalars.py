"""Plain scalars by the YAML 1.2 core schema: `1e-3` is a number, `no` a string, `010` ten."""

from __future__ import annotations

import re
from typing import Any

INTEGER = re.compile(r"[-+]?[0-9]+")
RADIX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)")
WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
BOOLEAN_LIKE = {"yes": "true", "on": "true", "no": "false", "off": "false"}
MAX_DIGITS = 1000
"""A longer number is a string (Python itself refuses to read numbers beyond 4,300 digits)."""


def resolve(text: str) -> Any:
    """The value of a plain (unquoted) scalar."""
    if text in WORDS:
        return WORDS[text]
    if len(text) > MAX_DIGITS:
        return text
    if INTEGER.fullmatch(text):
        return int(text)
    if RADIX.fullmatch(text):
        return int(text, 0)
    if FLOAT.fullmatch(text):
        return float(text)
    if sign := INFINITE.fullmatch(text):
        return float(f"{sign[1]}inf")
    return text


def suspicion(text: str) -> tuple[str, str, str, str] | None:
    """(code, message, label, help) if other YAML readers take this plain scalar for something else."""
    meant = BOOLEAN_LIKE.get(text.lower())
    if meant:
        message = f'`{text}` is the string "{text}" here, not a boolean'
        return "W002", message, f"write {meant}", f'use `{meant}`, or quote it: "{text}"'
    if re.fullmatch(r"[-+]?0[0-9]+", text):
        value = int(text) if len(text) <= MAX_DIGITS else text
        octal = text.lstrip("+-0")
        other = f", or 0o{octal}" if octal and not set(octal) & {"8", "9"} else ""
        return "W003", f"`{text}` is {value} here, not octal", f"is {value}", f"write {value}{other}"
    return None


def numeral(text: str) -> str | None:
    """The number that a string was perhaps meant to be: `1_000` → `1000`, `"16"` → `16`."""
    bare = text.replace("_", "") if re.fullmatch(r"[-+]?[0-9][0-9_.eE+-]*", text) else text
    return bare if bare not in WORDS and isinstance(resolve(bare), int | float) else None
