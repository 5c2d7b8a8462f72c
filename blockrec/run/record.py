"""What a training has found out so far, apart from weights: it is part of every checkpoint, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from blockrec.run.result import Measured
from blockrec.run.watch import Alarms, Raised


@dataclass
class Record:
    """best, last: measurements on valid. rows: samples trained on. undefined: metrics without a value, with reasons.

    due: whether a measurement at this step is still to come, because the user stopped it.
    """

    best: Measured | None = None
    last: Measured | None = None
    rows: int = 0
    undefined: dict[str, None] = field(default_factory=dict)
    alarms: Alarms = field(default_factory=Alarms)
    due: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `load` brings it back."""
        return {
            "best": self.best.step if self.best else None,
            "measured": {"best": self.best and self.best.to_json(), "last": self.last and self.last.to_json()},
            "rows": self.rows,
            "undefined": list(self.undefined),
            "alarms": [raised.to_json() for raised in self.alarms.raised.values()],
            "measurement_due": self.due,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over what `to_json` gave."""
        measured = {key: found and Measured(**found) for key, found in state["measured"].items()}
        self.best, self.last = measured["best"], measured["last"]
        self.rows, self.due = state["rows"], state["measurement_due"]
        self.undefined = dict.fromkeys(state["undefined"])
        self.alarms = Alarms({raised["watch"]: Raised(**raised) for raised in state["alarms"]})
