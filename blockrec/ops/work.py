"""How much our operators compute: what torch's FLOP counter does not know."""

from __future__ import annotations

from collections.abc import Callable

Shape = tuple[int, ...]
Formula = Callable[..., int]
FORMULAS: dict[str, Formula] = {}
"""Operator of the namespace `blockrec` → its floating-point operations, from the shapes of its inputs."""


def flops(op: str) -> Callable[[Formula], Formula]:
    """Say how much `blockrec::<op>` computes."""

    def register(formula: Formula) -> Formula:
        FORMULAS[op] = formula
        return formula

    return register
