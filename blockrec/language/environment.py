"""`$env("NAME", "default")`: values of the machine, for where data lie and how to train."""

from __future__ import annotations

import ast
import os
import re
from typing import Any

from blockrec.language import scalars
from blockrec.language.evaluation import ExpressionError
from blockrec.language.values import UNKNOWN

FORM = re.compile(r"\$env\s*\(")
SECTIONS = ("data", "train")
"""Where it may stand: a model's graph is the same on every machine."""
HELP = """write `$env("NAME")` or `$env("NAME", "default")` as the whole value"""


def is_environment(value: Any) -> bool:
    """Whether a scalar is such an expression."""
    return isinstance(value, str) and FORM.match(value) is not None


def read_environment(text: str, section: str, *, trusted: bool) -> Any:
    """The value of the variable that `text` names, read as an unquoted word of YAML is, else the default.

    An untrusted file learns nothing of the machine: the default counts, and without one the value is `UNKNOWN`.
    Raises `ExpressionError`: E401 a variable that is not set, E402 outside of `data` and `train`, E403 another form.
    """
    name, default = _arguments(text)
    if section not in SECTIONS:
        message = "`$env` is not allowed here: the same file must be the same model on every machine"
        raise ExpressionError("E402", message, 0, len(text), "it may stand in `data` and `train`")
    if not trusted:
        return default[0] if default else UNKNOWN
    if name in os.environ:
        return scalars.resolve(os.environ[name])
    if not default:
        help = f'export {name}=..., or give a default: $env("{name}", "...")'
        raise ExpressionError("E401", f"the environment variable `{name}` is not set", 0, len(text), help)
    return default[0]


def _arguments(text: str) -> tuple[str, list[Any]]:
    """The name, and the default if there is one."""
    wrong = ExpressionError("E403", "not an expression", 0, len(text), HELP)
    try:
        call = ast.parse(text[1:1001].strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise wrong from None
    if not isinstance(call, ast.Call) or call.keywords or not 1 <= len(call.args) <= 2:
        raise wrong
    values = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str | int | float)]
    if len(values) < len(call.args) or not isinstance(values[0], str) or not re.fullmatch(r"[A-Za-z_]\w*", values[0]):
        raise wrong
    return values[0], values[1:]
