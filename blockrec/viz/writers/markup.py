"""XML as text, with everything that comes from users escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


def escaped(text: str) -> str:
    """`text` as XML content or attribute value."""
    return escape(ILLEGAL.sub("\ufffd", text))


def tag(name: str, kind: str = "", **attributes: str | float) -> str:
    """`<name class="kind" …/>`."""
    return f"<{name}{_attributes(kind, attributes)}/>"


def element(name: str, children: Sequence[str], kind: str = "", *, text: str = "", **attributes: str | float) -> str:
    """`<name class="kind" …>text children</name>`: `text` is escaped, `children` are markup."""
    return f"<{name}{_attributes(kind, attributes)}>{escaped(text)}{''.join(children)}</{name}>"


def _attributes(kind: str, attributes: dict[str, str | float]) -> str:
    """Attributes as text; an underscore in a name stands for a hyphen."""
    given = {**({"class": kind} if kind else {}), **attributes}
    return "".join(f' {key.replace("_", "-")}="{escaped(_value(value))}"' for key, value in given.items())


def _value(value: str | float) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
