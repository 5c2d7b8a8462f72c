"""What a benchmark found, as text and as plain data."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from blockrec.run.profile.result import Profile
from blockrec.run.tables import aligned
from blockrec.words import human, size

MEMORY = {
    "parameters": "parameters and buffers",
    "optimizer": "state of the optimizers",
    "kept_for_backward": "kept by a step for its backward pass",
    "process": "whole process, at most",
}


@dataclass(frozen=True)
class Steps:
    """seconds: of the parts of each step. rows: samples in all of them."""

    seconds: tuple[Mapping[str, float], ...]
    rows: int

    @property
    def totals(self) -> list[float]:
        """Seconds of each step."""
        return [sum(parts.values()) for parts in self.seconds]

    @property
    def median(self) -> float:
        return statistics.median(self.totals)

    @property
    def rows_a_second(self) -> float:
        return self.rows / sum(self.totals)

    def part(self, name: str) -> list[float]:
        return [parts[name] for parts in self.seconds]

    def to_json(self) -> dict[str, Any]:
        """Plain data; seconds."""
        parts = {name: _spread(self.part(name)) for name in self.seconds[0]}
        return {"count": len(self.seconds), "rows": self.rows, "rows_per_second": self.rows_a_second} | {
            "seconds": {**parts, "step": _spread(self.totals)}
        }


def _spread(values: list[float]) -> dict[str, float]:
    """Median, and the values that a tenth of all lies below and above."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return {"median": statistics.median(ordered), "p10": ordered[round(last * 0.1)], "p90": ordered[round(last * 0.9)]}


@dataclass(frozen=True)
class Bench:
    """reference: the same steps with reference kernels, None if there are no others or it was not asked for.

    predicts: samples a second, without gradients. memory: bytes. kernels: `node op` → kernel. nodes: their times.
    """

    name: str
    data: str
    device: str
    threads: int
    precision: str
    batch_size: int
    steps: Steps
    reference: Steps | None
    predicts: float
    memory: Mapping[str, int]
    kernels: Mapping[str, str]
    nodes: Profile

    @property
    def speedup(self) -> float | None:
        """How many times the median step with reference kernels takes."""
        return self.reference.median / self.steps.median if self.reference else None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        about = {key: value for key, value in asdict(self).items() if key not in ("steps", "reference", "nodes")}
        reference = self.reference.to_json() if self.reference else None
        steps = {"steps": self.steps.to_json(), "reference": reference, "speedup": self.speedup}
        return {**about, **steps, "nodes": self.nodes.to_json()}

    def __str__(self) -> str:
        head = f"{self.name} on {self.data}: {self.device}, {self.threads} threads, {self.precision}"
        return "\n".join(
            [f"{head}, {len(self.steps.seconds)} steps of {self.batch_size:,} samples", "", *self._lines()]
        )

    def _lines(self) -> Iterator[str]:
        yield aligned(["", "median ms", "10 % – 90 %", "share"], self._parts())
        yield ""
        yield f"trains     {human(self.steps.rows_a_second)} samples/s"
        yield f"predicts   {human(self.predicts)} samples/s"
        if self.speedup is not None:
            assert self.reference is not None
            slow = f"{self.reference.median * 1e3:.2f} ms a step with them"
            yield f"kernels    {self.speedup:.2f} times as fast as the reference kernels ({slow})"
        for title, text in zip(["memory", *[""] * len(MEMORY)], MEMORY, strict=False):
            yield f"{title:<10} {size(self.memory[text]):>10} {MEMORY[text]}"
        yield f"\n{self.nodes}"

    def _parts(self) -> Iterator[list[str]]:
        total = sum(self.steps.totals)
        for name in self.steps.seconds[0]:
            values = self.steps.part(name)
            yield [name, *_milliseconds(values), f"{sum(values) / total:.0%}"]
        yield ["step", *_milliseconds(self.steps.totals), ""]


def _milliseconds(values: list[float]) -> list[str]:
    found = _spread(values)
    return [f"{found['median'] * 1e3:.2f}", f"{found['p10'] * 1e3:.2f} – {found['p90'] * 1e3:.2f}"]
