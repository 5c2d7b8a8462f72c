"""`$name` and `$(…)`: a small part of Python by a whitelist of syntax, bounded in time and size."""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.language.values import UNKNOWN, List, Map

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_CHARACTERS = 1000
MAX_DEPTH = 40
MAX_ITEMS = 10_000
MAX_TOTAL = 1_000_000
MAX_NESTING = 70
MAX_NUMBER = 2**63
MAX_DECIMALS = 30
ALLOWED = (
    "allowed are numbers, strings, lists, parameters, + - * / // % **, comparisons, and or not, "
    "`x if c else y`, indexing, min max len sum int round"
)


class ExpressionError(Exception):
    """code, message, help: of the diagnostic; column, length: the part of the expression that is wrong."""

    def __init__(self, code: str, message: str, column: int = 0, length: int = 1, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.column, self.length, self.help = code, message, column, length, help


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """The value of the expression `text` (without `$( )`) over `names`.

    Raises `ExpressionError`: E401 unknown name, E402 not allowed or not computable, E403 syntax.
    """
    return _Evaluator(text, names).value()


def is_expression(value: Any) -> bool:
    """Whether a scalar is to be evaluated."""
    return isinstance(value, str) and value.startswith("$")


def substitute(value: Any, at: Span, names: Mapping[str, Any], report: Diagnostics) -> Any:
    """`value` with every expression in it, at any depth, evaluated; `UNKNOWN` where that failed."""
    result = _substitute(value, at, names, report)
    if fits(result, MAX_TOTAL):
        return result
    report.error("E402", "with its parameters filled in, this value is too large", at)
    return UNKNOWN


def _substitute(value: Any, at: Span, names: Mapping[str, Any], report: Diagnostics) -> Any:
    if isinstance(value, Map):
        entries = {k: (key_at, _substitute(v, a, names, report), a) for k, (key_at, v, a) in value.entries().items()}
        return Map(value.span, entries, value.deleted)
    if isinstance(value, List):
        return List(value.span, [(_substitute(v, a, names, report), a) for v, a in zip(value, value.at, strict=True)])
    return _scalar(value, at, names, report) if is_expression(value) else value


def _scalar(text: str, at: Span, names: Mapping[str, Any], report: Diagnostics) -> Any:
    try:
        inner, skip = body(text)
    except ExpressionError as error:
        report.error(error.code, error.message, at, help=error.help)
        return UNKNOWN
    try:
        return positioned(evaluate(inner, names), at)
    except ExpressionError as error:
        report.error(error.code, error.message, part(at, text, skip + error.column, error.length), help=error.help)
        return UNKNOWN


def body(text: str) -> tuple[str, int]:
    """The expression in `$name` or `$(…)` and the characters before it."""
    if text.startswith("$(") and text.endswith(")"):
        return text[2:-1], 2
    if NAME.fullmatch(text[1:]):
        return text[1:], 1
    help = """write `$name` or `$(…)` as the whole value; a text that begins with `$` is `$("$…")`"""
    raise ExpressionError("E403", f"`{_short(text)}` is not an expression", 0, len(text), help)


def part(at: Span, text: str, column: int, length: int) -> Span:
    """The place of a part of the scalar `text` written at `at`, quoted or not; all of it if they differ (escapes)."""
    written = at.text
    quoted = written[:1] in ("'", '"')
    if written[quoted : quoted + len(text)] != text:
        return at
    return at.inside(column + quoted, min(length, len(text) - column))


def positioned(value: Any, at: Span) -> Any:
    """A computed list gets the place of its expression."""
    if isinstance(value, list | tuple) and not isinstance(value, List):
        return List(at, [(positioned(v, at), at) for v in value])
    return value


def mentioned(value: Any) -> set[str]:
    """All names that the expressions in `value` mention."""
    if isinstance(value, Map):
        return set().union(*(mentioned(v) for v in value.values()))
    if isinstance(value, List):
        return set().union(*map(mentioned, value))
    return set(_names_in(value)) if is_expression(value) else set()


def _names_in(text: str) -> Iterator[str]:
    try:
        inner, _ = body(text)
        tree = _parse(inner)
    except ExpressionError:
        return
    yield from (n.id for n in ast.walk(tree) if isinstance(n, ast.Name))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


def _parse(text: str) -> ast.expr:
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError("E402", f"the expression is longer than {MAX_CHARACTERS} characters", 0, len(text))
    line = re.sub(r"\s", " ", text)
    if NAME.fullmatch(line):
        return ast.Name(line, ast.Load(), lineno=1, col_offset=0, end_lineno=1, end_col_offset=len(line))
    blanks = len(line) - len(line.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(line[blanks:], mode="eval").body
    except SyntaxError as error:
        column = blanks + max(0, (error.offset or 1) - 1)
        raise ExpressionError("E403", f"not an expression: {error.msg}", min(column, max(0, len(text) - 1))) from None
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError("E402", "the expression is too deep or not readable", 0, len(text)) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            node.col_offset += blanks
    return tree


def fits(value: Any, most: int) -> bool:
    """Whether `value` has at most `most` items at all depths together; values that it shares count each time."""
    items, depth = _measure(value, {})
    return items <= most and depth <= MAX_NESTING


def _measure(value: Any, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    if not isinstance(value, list | dict):
        return 1, 0
    if id(value) not in known:
        parts = [_measure(v, known) for v in (value.values() if isinstance(value, dict) else value)]
        known[id(value)] = 1 + sum(items for items, _ in parts), 1 + max((depth for _, depth in parts), default=0)
    return known[id(value)]


def _bounded_power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent > 64:
        raise OverflowError
    return base**exponent


def _bounded_product(left: Any, right: Any) -> Any:
    for items, times in ((left, right), (right, left)):
        if isinstance(items, str | list) and isinstance(times, int) and len(items) * times > MAX_ITEMS:
            raise OverflowError
    return left * right


def _remainder(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        raise TypeError("`%` takes numbers")
    return left % right


def _rounded(value: Any, decimals: Any = None) -> Any:
    if isinstance(decimals, int) and abs(decimals) > MAX_DECIMALS:
        raise OverflowError
    return round(value, decimals)


BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: _bounded_product,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: _remainder,
    ast.Pow: _bounded_power,
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "len": len,
    "sum": sum,
    "int": int,
    "round": _rounded,
}


class _UnknownValue(Exception):
    """A parameter that an earlier error left without a value."""


class _Evaluator:
    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self.text, self.names = text, names

    def value(self) -> Any:
        tree = _parse(self.text)
        try:
            return self._of(tree, 0)
        except _UnknownValue:
            return UNKNOWN

    def _of(self, node: ast.expr, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise self._error("E402", "the expression is nested too deep", node)
        rule = getattr(self, f"_{type(node).__name__}", None)
        if rule is None:
            raise self._not_allowed(node)
        try:
            return self._bounded(rule(node, depth + 1))
        except (ZeroDivisionError, OverflowError, TypeError, ValueError, LookupError) as error:
            raise self._error("E402", self._reason(error), node) from None

    def _bounded(self, value: Any) -> Any:
        if isinstance(value, complex):
            raise ValueError("the result is not a real number")
        large = isinstance(value, int) and abs(value) > MAX_NUMBER or isinstance(value, str) and len(value) > MAX_ITEMS
        if large or not fits(value, MAX_ITEMS):
            raise OverflowError
        return value

    def _reason(self, error: Exception) -> str:
        if isinstance(error, OverflowError):
            return "the value is too large"
        if isinstance(error, KeyError):
            return f"there is no key {error}"
        return f"cannot compute this: {error}"

    def _error(self, code: str, message: str, node: ast.expr, help: str = "") -> ExpressionError:
        raw = self.text.encode()
        start = len(raw[: node.col_offset].decode(errors="ignore"))
        end = len(raw[: node.end_col_offset].decode(errors="ignore")) if node.end_col_offset else start + 1
        return ExpressionError(code, message, start, max(1, end - start), help)

    def _not_allowed(self, node: ast.expr, what: str = "") -> ExpressionError:
        return self._error(
            "E402", f"{what or f'`{ast.unparse(node)[:40]}`'} is not allowed in an expression", node, ALLOWED
        )

    def _Constant(self, node: ast.Constant, depth: int) -> Any:
        if not isinstance(node.value, int | float | str):
            raise self._not_allowed(node)
        return node.value

    def _Name(self, node: ast.Name, depth: int) -> Any:
        if node.id not in self.names:
            known = [*self.names, "True", "False"]
            help = did_you_mean(node.id, known, _listed(self.names))
            raise self._error("E401", f"unknown parameter `{_short(node.id)}`", node, help)
        value = self.names[node.id]
        if value is UNKNOWN:
            raise _UnknownValue
        return value

    def _List(self, node: ast.List, depth: int) -> list[Any]:
        return [self._of(e, depth) for e in node.elts]

    def _BinOp(self, node: ast.BinOp, depth: int) -> Any:
        if type(node.op) not in BINARY:
            raise self._not_allowed(node)
        return BINARY[type(node.op)](self._of(node.left, depth), self._of(node.right, depth))

    def _UnaryOp(self, node: ast.UnaryOp, depth: int) -> Any:
        if type(node.op) not in UNARY:
            raise self._not_allowed(node)
        return UNARY[type(node.op)](self._of(node.operand, depth))

    def _BoolOp(self, node: ast.BoolOp, depth: int) -> Any:
        stop = isinstance(node.op, ast.Or)
        value = None
        for operand in node.values:
            value = self._of(operand, depth)
            if bool(value) == stop:
                break
        return value

    def _Compare(self, node: ast.Compare, depth: int) -> Any:
        left = self._of(node.left, depth)
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            if type(op) not in COMPARISONS:
                raise self._not_allowed(node)
            right = self._of(comparator, depth)
            if not COMPARISONS[type(op)](left, right):
                return False
            left = right
        return True

    def _IfExp(self, node: ast.IfExp, depth: int) -> Any:
        return self._of(node.body if self._of(node.test, depth) else node.orelse, depth)

    def _Subscript(self, node: ast.Subscript, depth: int) -> Any:
        return self._of(node.value, depth)[self._of(node.slice, depth)]

    def _Slice(self, node: ast.Slice, depth: int) -> slice:
        return slice(*(None if e is None else self._of(e, depth) for e in (node.lower, node.upper, node.step)))

    def _Call(self, node: ast.Call, depth: int) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            raise self._not_allowed(node)
        return FUNCTIONS[node.func.id](*(self._of(a, depth) for a in node.args))


def _listed(names: Mapping[str, Any]) -> str:
    """Help for a name that resembles none."""
    return f"parameters: {', '.join(list(names)[:20])}" if names else "there are no `params` here"
