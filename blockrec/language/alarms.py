"""`warn: std < 0.01 after 1 epoch`: a statement about a watched value that raises an alarm once it holds."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

STATISTICS = ("mean", "std", "min", "median", "max", "not_finite")
"""What is logged of a watched value, and what an alarm may name. not_finite: how many values are NaN or infinite."""

OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
ALARM = rf"^ *({'|'.join(STATISTICS)}) *({'|'.join(OPERATORS)}) *{_NUMBER}( +after +[1-9][0-9]* +(step|epoch)s?)? *$"
"""Pattern of an alarm, for the schema."""
ALARM_HELP = f"e.g. `std < 0.01 after 1 epoch`; {', '.join(STATISTICS[:-1])} or {STATISTICS[-1]}, then < <= > or >="

_PARTS = re.compile(ALARM)


@dataclass(frozen=True)
class Alarm:
    """text: the statement as written. It counts once `after` steps or epochs are done; 0: from the first look on."""

    text: str
    statistic: str
    operator: str
    limit: float
    after: int = 0
    unit: Literal["step", "epoch"] = "step"

    def holds(self, value: float) -> bool:
        """Whether the statement is true of a statistic; NaN, the statistic of no finite value, fulfils none."""
        return not math.isnan(value) and OPERATORS[self.operator](value, self.limit)

    def is_due(self, *, step: int, epochs: float) -> bool:
        """Whether it counts yet: after `step` steps and `epochs` epochs of training."""
        return (epochs if self.unit == "epoch" else step) >= self.after


def parse_alarm(text: str) -> Alarm:
    """The alarm that `text` states; `ValueError` if it does not match `ALARM`.

    >>> parse_alarm("std < 0.01 after 1 epoch")
    Alarm(text='std < 0.01 after 1 epoch', statistic='std', operator='<', limit=0.01, after=1, unit='epoch')
    """
    if not _PARTS.match(text):
        raise ValueError(f"`{text}` is no alarm: {ALARM_HELP}")
    condition, _, since = text.partition("after")
    found = re.match(r" *(\w+) *([<>]=?) *(\S+)", condition)
    assert found is not None
    count, unit = since.split() if since else ("0", "step")
    return Alarm(
        text.strip(), found[1], found[2], float(found[3]), int(count), "epoch" if unit.startswith("epoch") else "step"
    )
