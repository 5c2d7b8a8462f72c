"""The line that says how far training is, and when it is written."""

from __future__ import annotations

import io

from rich.console import Console

from blockrec.run.log import Log
from blockrec.run.loop import Plan, Step
from blockrec.run.progress import Display, State

PLAN = Plan.of(100, epochs=5, steps=None)


def test_the_line() -> None:
    state = State(PLAN, 161, 2, 1_610_000, 1.3, 0.2134, ("valid/click/auc", 0.73119))
    assert state.line() == "epoch 2/5 61% 1.24M rows/s loss 0.2134 valid/click/auc 0.7312 eta 2.7s"


def test_the_last_epoch_may_be_short() -> None:
    plan = Plan.of(100, epochs=1, steps=150)
    assert State(plan, 150, 2).line().startswith("epoch 2/2 100%")


def test_a_line_every_ten_seconds_off_a_terminal() -> None:
    out, now = io.StringIO(), 0.0
    log = Log(Console(file=out))
    with Display(log, PLAN, now=lambda: now) as display:
        for number in range(1, 36):
            now = float(number)
            display.update(Step(number, 1, 10, False, False), seconds=now, loss=0.5)
    written = out.getvalue().splitlines()
    assert [line.split()[2] for line in written] == ["10%", "20%", "30%"]


def test_a_bar_on_a_terminal() -> None:
    out = io.StringIO()
    log = Log(Console(file=out, force_terminal=True, width=120))
    with Display(log, PLAN) as display:
        display.update(Step(50, 1, 10, False, False), seconds=1.0, loss=0.5)
    assert "epoch 1/5 50%" in out.getvalue()


def test_early_lines_reach_the_log_file(tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "log.txt"
    log = Log(Console(file=io.StringIO(), quiet=True))
    log.say("first")
    assert not file.exists()
    log.write_to(file)
    log.say("second")
    assert file.read_text("utf-8") == "first\nsecond\n"
