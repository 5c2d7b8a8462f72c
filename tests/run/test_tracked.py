"""A pass over a split tells how far it is, and gives the batches of the split."""

from __future__ import annotations

import io
from itertools import count

import pytest
import torch
from rich.console import Console

from blockrec.run.log import Log
from blockrec.run.tracked import Tracked
from tests.run.toy import Samples


def passed(seconds: float, *, terminal: bool) -> tuple[Tracked, list[int], str]:
    """A pass over 100 samples in batches of 30, at whose every look at the clock so many seconds have gone by."""
    out = io.StringIO()
    clock = count(0, seconds)
    log = Log(Console(file=out, force_terminal=terminal, width=80))
    tracked = Tracked(Samples(), "test", log, lambda: float(next(clock)))
    sizes = [len(batch["item"]) for batch in tracked.batches(30)]  # type: ignore[arg-type]
    return tracked, sizes, out.getvalue()


def test_the_batches_are_those_of_the_split() -> None:
    tracked, sizes, _ = passed(1, terminal=False)
    assert tracked.rows == 100 and sizes == [30, 30, 30, 10]
    plain = [batch["item"] for batch in Samples().batches(30, shuffle=True, seed=3)]
    own = [batch["item"] for batch in tracked.batches(30, shuffle=True, seed=3)]
    assert all(torch.equal(a, b) for a, b in zip(plain, own, strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize(("seconds", "lines"), [(0.1, 0), (10, 4)])
def test_a_line_every_ten_seconds_without_a_terminal(seconds: float, lines: int) -> None:
    out = passed(seconds, terminal=False)[2].splitlines()
    assert len(out) == lines
    assert not lines or (out[0].startswith("test 30% ") and out[-1].endswith("eta 0.0s") and "rows/s" in out[1])


def test_a_bar_on_a_terminal() -> None:
    assert not any(line.startswith("test ") for line in passed(10, terminal=True)[2].splitlines())


def test_the_rest_is_estimated_from_the_speed_so_far() -> None:
    tracked = passed(1, terminal=False)[0]
    assert tracked.line(25, 10.0) == "test 25% 2 rows/s eta 30s"
    assert tracked.line(0, 0.0) == "test 0% eta 0.0s"
