"""What a run gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blockrec.run.names import CHECKPOINTS
from blockrec.run.watch import Raised

if TYPE_CHECKING:
    from blockrec.run.profile import Profile


@dataclass(frozen=True)
class Measured:
    """Metrics on `valid` after a step, by `valid/<task>/<metric>`."""

    step: int
    metrics: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        return {"step": self.step, "metrics": dict(self.metrics)}


@dataclass(frozen=True)
class RunResult:
    """metrics: `<split>/<task>/<metric>` → value; test metrics are those of the best checkpoint, valid ones too.

    best, last: the measurements on valid that the checkpoints `best` and `last` stand for (None without valid samples).
    rows_per_second: training samples a second, evaluation not counted. seconds: data, forward, backward, optimizer,
    eval. directory: None for a dry run. interrupted: by Ctrl-C; the checkpoint `last` was saved. undefined: metrics
    that have no value, with the reason. alarms: of watched values. stopped: why it ended before its last step, empty
    if it did not. tested: why the test metrics are not those of a best state, empty if they are. picked_by: the metric
    that picks the best state. profile: seconds a node, if it was asked for. `str()` is the report for people.
    """

    name: str
    metrics: Mapping[str, float]
    best: Measured | None
    last: Measured | None
    steps: int
    rows: int
    rows_per_second: float
    peak_memory_bytes: int
    seconds: Mapping[str, float]
    directory: Path | None
    interrupted: bool = False
    undefined: tuple[str, ...] = ()
    alarms: tuple[Raised, ...] = ()
    stopped: str = ""
    tested: str = ""
    picked_by: str | None = None
    profile: Profile | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> Path | None:
        """The checkpoint of the last step."""
        return self.directory / CHECKPOINTS / "last" if self.directory else None

    def to_json(self) -> dict[str, Any]:
        """Plain data, as in result.json."""
        return {
            "name": self.name,
            "metrics": dict(self.metrics),
            "best": self.best and self.best.to_json(),
            "last": self.last and self.last.to_json(),
            "steps": self.steps,
            "rows": self.rows,
            "rows_per_second": self.rows_per_second,
            "peak_memory_bytes": self.peak_memory_bytes,
            "seconds": dict(self.seconds),
            "directory": str(self.directory) if self.directory else None,
            "interrupted": self.interrupted,
            "undefined": list(self.undefined),
            "alarms": [raised.to_json() for raised in self.alarms],
            "stopped": self.stopped or None,
            "tested": self.tested or None,
            "picked_by": self.picked_by,
            **self.facts,
        }

    def __str__(self) -> str:
        from blockrec.run.summary import ending

        return ending(self)
