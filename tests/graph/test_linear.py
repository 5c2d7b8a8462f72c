"""The cost of a check grows as the model does: counted in calls, not in seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from blockrec.graph.compile import check_model
from tools.benchmark_check import SHAPES

SMALL, LARGE = 100, 400
MISTAKES: dict[str, Callable[[str], str]] = {
    "misspelt reference": lambda text: text.replace("in: n", "in: m"),
    "unknown block": lambda text: text.replace("block: linear, in: n", "block: linaer, in: n"),
    "unknown parameter": lambda text: text.replace("out: 8", "ouut: 8"),
    "parameter out of range": lambda text: text.replace("out: 8", "out: 0"),
    "cycle": lambda text: text.replace("in: price", "in: end"),
    "unused nodes": lambda text: text.replace("in: n", "in: price, doc: n"),
}


def calls(function: Callable[[], object]) -> int:
    """Function calls inside, of Python and of C."""
    count = 0

    def count_call(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count_call)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


def growth(work: Callable[[int], Callable[[], object]]) -> float:
    """How much faster than its size work grows; 1 is linear, 4 would be quadratic."""
    return (calls(work(LARGE)) / calls(work(SMALL))) / (LARGE / SMALL)


def checking(make: Callable[[int], str]) -> Callable[[int], Callable[[], object]]:
    """To check a model of so many nodes, once everything about its blocks is cached."""

    def work(n: int) -> Callable[[], object]:
        text = make(n)
        check_model(text)
        return lambda: check_model(text)

    return work


@pytest.mark.parametrize("shape", SHAPES)
def test_checking_is_linear(shape: str) -> None:
    found, report = check_model(SHAPES[shape](SMALL))
    assert found is not None, str(report)
    assert growth(checking(SHAPES[shape])) < 1.1


@pytest.mark.parametrize("mistake", MISTAKES)
def test_finding_many_mistakes_is_linear(mistake: str) -> None:
    make = lambda n: MISTAKES[mistake](SHAPES["chain"](n))  # noqa: E731
    assert len(check_model(make(SMALL))[1]) > 0
    assert growth(checking(make)) < 1.2


def test_the_count_sees_what_is_quadratic() -> None:
    assert growth(lambda n: lambda: [abs(i) for _ in range(n) for i in range(n)]) > 3
