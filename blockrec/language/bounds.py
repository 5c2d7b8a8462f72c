"""Arithmetic that cannot run away: what a file computes stays small, whatever it says."""

from __future__ import annotations

from typing import Any

MAX_ITEMS = 10_000
MAX_NESTING = 70
MAX_NUMBER = 2**63
MAX_EXPONENT = 64
MAX_DECIMALS = 30


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


def bounded(value: Any) -> Any:
    """`value` if it is a small real one; `OverflowError` or `ValueError` otherwise."""
    if isinstance(value, complex):
        raise ValueError("the result is not a real number")
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        raise OverflowError
    if (isinstance(value, str) and len(value) > MAX_ITEMS) or not fits(value, MAX_ITEMS):
        raise OverflowError
    return value


def power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent > MAX_EXPONENT:
        raise OverflowError
    return base**exponent


def product(left: Any, right: Any) -> Any:
    for items, times in ((left, right), (right, left)):
        if isinstance(items, str | list) and isinstance(times, int) and len(items) * times > MAX_ITEMS:
            raise OverflowError
    return left * right


def remainder(left: Any, right: Any) -> Any:
    """Of numbers only: `%` of a text would format it, at any width."""
    if isinstance(left, str):
        raise TypeError("`%` takes numbers")
    return left % right


def rounded(value: Any, decimals: Any = None) -> Any:
    if isinstance(decimals, int) and abs(decimals) > MAX_DECIMALS:
        raise OverflowError
    return round(value, decimals)
