"""Conditions on the columns of a row: `rating >= 4 and category in ['a', 'b']`, evaluated on whole columns."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from blockrec.data.arrow import UNFIT, Column, Table, one_chunk
from blockrec.data.frame import Frame, spans
from blockrec.diagnostics import Diagnostics, Span, did_you_mean

Mask = NDArray[np.bool_]

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: pc.equal,
    ast.NotEq: pc.not_equal,
    ast.Lt: pc.less,
    ast.LtE: pc.less_equal,
    ast.Gt: pc.greater,
    ast.GtE: pc.greater_equal,
}
_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
}
_NULLS = ("null", "None")
_GRAMMAR = "compare a column with a number, a 'text', null or a [list], and join by `and`, `or`, `not`"


@dataclass(frozen=True)
class Condition:
    """A parsed condition. A comparison with a missing value is false: neither `x >= 4` nor `x < 4` holds then."""

    text: str
    at: Span
    tree: ast.expr

    @property
    def columns(self) -> set[str]:
        """Names of the columns that it reads."""
        return {n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name) and n.id not in _NULLS}

    @property
    def numbers(self) -> set[str]:
        """Names of the columns that it compares with a number."""
        links = [link for n in ast.walk(self.tree) if isinstance(n, ast.Compare) for link in _links(n)]
        sides = [sides for left, _, right in links for sides in ((left, right), (right, left))]
        return {side.id for side, other in sides if isinstance(side, ast.Name) and _is_number(other)}

    def mask(self, table: Table, report: Diagnostics) -> Mask:
        """[rows] bool; a comparison that the column's type does not allow is E503 (and true nowhere)."""
        return _Evaluation(self, table, report).of(self.tree)

    def place(self, node: ast.AST) -> Span:
        """Where a part of the condition was written, if it is on the line as it is in the text."""
        start = getattr(node, "col_offset", 0)
        end = getattr(node, "end_col_offset", len(self.text))
        return self.at.inside(start, end - start) if self.at.length == len(self.text) else self.at


def parse(text: str, at: Span, report: Diagnostics) -> Condition | None:
    """The condition that `text` says, or None after E402 or E403."""
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        report.error("E403", f"condition cannot be read: {error.msg}", at, help=_GRAMMAR)
        return None
    condition = Condition(text, at, tree)
    wrong = _first_wrong(tree)
    if wrong is not None:
        report.error(
            "E402", f"`{ast.unparse(wrong)}` cannot be used in a condition", condition.place(wrong), help=_GRAMMAR
        )
        return None
    return condition


def check_columns(condition: Condition, known: list[str], report: Diagnostics) -> bool:
    """Report each column of the condition that is not known (E502)."""
    missing = condition.columns - set(known)
    for node in ast.walk(condition.tree):
        if isinstance(node, ast.Name) and node.id in missing:
            hint = did_you_mean(node.id, known, "the columns are " + ", ".join(f"`{name}`" for name in known))
            report.error("E502", f"no column `{node.id}`", condition.place(node), help=hint)
    return not missing


def masked(condition: Condition, frame: Frame, report: Diagnostics) -> Mask:
    """[rows] where a condition holds; E503 for a comparison that a column's type does not allow."""
    mask = np.zeros(frame.rows, bool)
    for start, stop in spans(frame.rows):
        mask[start:stop] = condition.mask(frame.table(condition.columns, start, stop), report)
        if report.failed:
            break
    return mask


def _first_wrong(node: ast.expr) -> ast.expr | None:
    if isinstance(node, ast.BoolOp):
        return next((wrong for part in node.values if (wrong := _first_wrong(part)) is not None), None)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _first_wrong(node.operand)
    if isinstance(node, ast.Compare) and all(map(_comparison_is_legal, _links(node))):
        return None
    return node


def _links(node: ast.Compare) -> list[tuple[ast.expr, ast.cmpop, ast.expr]]:
    """`1 <= a < 4` as its two comparisons."""
    sides = [node.left, *node.comparators]
    return list(zip(sides, node.ops, sides[1:], strict=False))


def _comparison_is_legal(link: tuple[ast.expr, ast.cmpop, ast.expr]) -> bool:
    left, comparison, right = link
    if isinstance(comparison, ast.In | ast.NotIn):
        return _is_column(left) and isinstance(right, ast.List | ast.Tuple) and all(map(_is_value, right.elts))
    sides = [_is_column(left), _is_column(right)]
    return (
        type(comparison) in _COMPARISONS
        and any(sides)
        and all(column or _is_value(side) for column, side in zip(sides, (left, right), strict=True))
    )


def _is_column(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id not in _NULLS


def _is_value(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _NULLS
    return _is_number(node) or (isinstance(node, ast.Constant) and type(node.value) in {str, bool, type(None)})


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) in {int, float}


def _value(node: ast.expr) -> Any:
    return None if isinstance(node, ast.Name) else ast.literal_eval(node)


@dataclass(frozen=True)
class _Evaluation:
    condition: Condition
    table: Table
    report: Diagnostics

    def of(self, node: ast.expr) -> Mask:
        if isinstance(node, ast.BoolOp):
            join = operator.and_ if isinstance(node.op, ast.And) else operator.or_
            masks = [self.of(part) for part in node.values]
            for mask in masks[1:]:
                masks[0] = join(masks[0], mask)
            return masks[0]
        if isinstance(node, ast.UnaryOp):
            return ~self.of(node.operand)
        assert isinstance(node, ast.Compare)
        return np.asarray(np.logical_and.reduce([self._link(*link) for link in _links(node)]))

    def _link(self, left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> Mask:
        if not _is_column(left):
            left, comparison, right = right, _MIRRORED[type(comparison)](), left
        column = self._column(left)
        try:
            return _true(_compare(column, comparison, self._column(right) if _is_column(right) else right))
        except UNFIT:
            message = (
                f"column `{ast.unparse(left)}` is {column.type}, which cannot be compared with `{ast.unparse(right)}`"
            )
            self.report.error("E503", message, self.condition.place(left))
            return np.zeros(len(self.table), bool)

    def _column(self, node: ast.expr) -> Column:
        assert isinstance(node, ast.Name)
        return one_chunk(self.table.column(node.id))


def _compare(column: Column, comparison: ast.cmpop, other: Any) -> Column:
    if isinstance(comparison, ast.In | ast.NotIn):
        found = pc.is_in(column, pa.array([_value(e) for e in other.elts]).cast(column.type))
        return found if isinstance(comparison, ast.In) else pc.invert(found)
    if isinstance(other, ast.expr):
        other = _value(other)
        if other is None:
            return _is_null(column, comparison)
        other = pa.scalar(other)
        if pa.types.is_string(other.type):
            other = other.cast(column.type)
    return _COMPARISONS[type(comparison)](column, other)


def _is_null(column: Column, comparison: ast.cmpop) -> Column:
    if not isinstance(comparison, ast.Eq | ast.NotEq):
        raise pa.ArrowTypeError("null has no order")
    found = pc.is_null(column)
    return found if isinstance(comparison, ast.Eq) else pc.invert(found)


def _true(result: Column) -> Mask:
    return np.asarray(pc.fill_null(result, False).to_numpy(zero_copy_only=False), bool)
