"""The value of one expression: a small part of Python, by a whitelist of its syntax."""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from blockrec.diagnostics import did_you_mean
from blockrec.language import bounds
from blockrec.language.values import UNKNOWN

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CONSTANTS = ("True", "False", "None")
MAX_CHARACTERS = 1000
MAX_DEPTH = 40
ALLOWED = (
    "allowed are numbers, texts, lists, parameters, + - * / // % **, comparisons, and or not, `x if c else y`, "
    "indexing, min max len sum int round"
)


class ExpressionError(Exception):
    """code, message, help: of the diagnostic; column, length: the part of the expression that is wrong."""

    def __init__(self, code: str, message: str, column: int = 0, length: int = 1, help: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.column, self.length, self.help = code, message, column, length, help


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """The value of the expression `text` (without `$( )`) over `names`; `UNKNOWN` if it needs an unknown one.

    Raises `ExpressionError`: E401 unknown name, E402 not allowed or not computable, E403 syntax.
    """
    try:
        return _Evaluator(text, names).of(parse(text), 0)
    except _UnknownValue:
        return UNKNOWN


def parse(text: str) -> ast.expr:
    """The syntax tree of an expression; raises `ExpressionError` (E403, or E402 if it is too long or deep)."""
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError("E402", f"the expression is longer than {MAX_CHARACTERS} characters", 0, len(text))
    line = re.sub(r"\s", " ", text)
    if NAME.fullmatch(line) and line not in CONSTANTS:
        return ast.Name(line, ast.Load(), lineno=1, col_offset=0, end_lineno=1, end_col_offset=len(line))
    blanks = len(line) - len(line.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(line[blanks:], mode="eval").body
    except SyntaxError as error:
        column = min(blanks + max(0, (error.offset or 1) - 1), max(0, len(text) - 1))
        help = "it is written as in Python, e.g. $(2 * dim)"
        raise ExpressionError("E403", f"not an expression: {error.msg}", column, help=help) from None
    except (ValueError, MemoryError, RecursionError):
        raise ExpressionError(
            "E402", "the expression is too deep, or holds what Python cannot read", 0, len(text)
        ) from None
    return _shifted(tree, blanks)


def _shifted(tree: ast.expr, columns: int) -> ast.expr:
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            node.col_offset += columns
            node.end_col_offset = (node.end_col_offset or 0) + columns
    return tree


class _UnknownValue(Exception):
    """A parameter that an earlier error left without a value."""


class _Evaluator:
    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self.text, self.names = text, names

    def of(self, node: ast.expr, depth: int) -> Any:
        """The value of `node`, which is `depth` levels inside the expression."""
        if depth > MAX_DEPTH:
            raise self._error("E402", "the expression is nested too deep", node)
        rule = RULES.get(type(node))
        if rule is None:
            raise self._not_allowed(node)
        try:
            return bounds.bounded(rule(self, node, depth + 1))
        except OverflowError:
            raise self._error("E402", "the value is too large", node) from None
        except KeyError as error:
            raise self._error("E402", f"there is no key {error}", node) from None
        except (ZeroDivisionError, TypeError, ValueError, IndexError) as error:
            raise self._error("E402", f"cannot compute this: {error}", node, self._values(node)) from None

    def _error(self, code: str, message: str, node: ast.expr, help: str = "") -> ExpressionError:
        start, end = self._place(node)
        return ExpressionError(code, message, start, max(1, end - start), help)

    def _values(self, node: ast.expr) -> str:
        """What the names in a part of the expression stand for."""
        used = dict.fromkeys(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in self.names)
        shown = [f"{name} = {str(self.names[name])[:40]}" for name in used]
        return f"here {', '.join(shown[:5])}" if shown else ""

    def _place(self, node: ast.expr) -> tuple[int, int]:
        """The part of the text that `node` was read from; Python counts in UTF-8 bytes."""
        raw = self.text.encode()
        start, end = (len(raw[:offset].decode(errors="ignore")) for offset in (node.col_offset, node.end_col_offset))
        return start, end

    def _not_allowed(self, node: ast.expr) -> ExpressionError:
        start, end = self._place(node)
        shown = self.text[start : min(end, start + 40)]
        return self._error("E402", f"`{shown}` is not allowed in an expression", node, ALLOWED)

    def constant(self, node: ast.Constant, _: int) -> Any:
        if not isinstance(node.value, int | float | str):
            raise self._not_allowed(node)
        return node.value

    def name(self, node: ast.Name, _: int) -> Any:
        if node.id not in self.names:
            known = ", ".join(list(self.names)[:20])
            otherwise = f"parameters: {known}" if known else "there are no parameters here"
            help = did_you_mean(node.id, [*self.names, "True", "False"], otherwise)
            raise self._error("E401", f"unknown parameter `{node.id[:60]}`", node, help)
        value = self.names[node.id]
        if value is UNKNOWN:
            raise _UnknownValue
        return value

    def list(self, node: ast.List, depth: int) -> Any:
        return [self.of(e, depth) for e in node.elts]

    def binary(self, node: ast.BinOp, depth: int) -> Any:
        if type(node.op) not in BINARY:
            raise self._not_allowed(node)
        return BINARY[type(node.op)](self.of(node.left, depth), self.of(node.right, depth))

    def unary(self, node: ast.UnaryOp, depth: int) -> Any:
        if type(node.op) not in UNARY:
            raise self._not_allowed(node)
        return UNARY[type(node.op)](self.of(node.operand, depth))

    def logical(self, node: ast.BoolOp, depth: int) -> Any:
        stop = isinstance(node.op, ast.Or)
        value = None
        for operand in node.values:
            value = self.of(operand, depth)
            if bool(value) == stop:
                break
        return value

    def compare(self, node: ast.Compare, depth: int) -> Any:
        left = self.of(node.left, depth)
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            if type(op) not in COMPARISONS:
                raise self._not_allowed(node)
            right = self.of(comparator, depth)
            if not COMPARISONS[type(op)](left, right):
                return False
            left = right
        return True

    def choose(self, node: ast.IfExp, depth: int) -> Any:
        return self.of(node.body if self.of(node.test, depth) else node.orelse, depth)

    def index(self, node: ast.Subscript, depth: int) -> Any:
        return self.of(node.value, depth)[self.of(node.slice, depth)]

    def slice(self, node: ast.Slice, depth: int) -> Any:
        return slice(*(None if e is None else self.of(e, depth) for e in (node.lower, node.upper, node.step)))

    def call(self, node: ast.Call, depth: int) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            raise self._not_allowed(node)
        return FUNCTIONS[node.func.id](*(self.of(a, depth) for a in node.args))


RULES: dict[type[ast.expr], Callable[[_Evaluator, Any, int], Any]] = {
    ast.Constant: _Evaluator.constant,
    ast.Name: _Evaluator.name,
    ast.List: _Evaluator.list,
    ast.BinOp: _Evaluator.binary,
    ast.UnaryOp: _Evaluator.unary,
    ast.BoolOp: _Evaluator.logical,
    ast.Compare: _Evaluator.compare,
    ast.IfExp: _Evaluator.choose,
    ast.Subscript: _Evaluator.index,
    ast.Slice: _Evaluator.slice,
    ast.Call: _Evaluator.call,
}
BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: bounds.product,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: bounds.remainder,
    ast.Pow: bounds.power,
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
    "round": bounds.rounded,
}
