"""A sweep's results: points as rows, best first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from blockrec.graph.sweep import described
from blockrec.language.sweep import Point, tried
from blockrec.run.sweep.plan import Plan
from blockrec.run.sweep.store import Row
from blockrec.run.tables import Spread, aligned, comma_separated, setting_cell


@dataclass(frozen=True)
class Group:
    """A point with the rows of its seeds that were run."""

    point: Point
    rows: tuple[Row, ...]

    def spread(self, metric: str) -> Spread:
        return Spread.of([row["metrics"][metric] for row in self.rows if metric in row.get("metrics", {})])


@dataclass(frozen=True)
class SweepResult:
    """What a sweep has found so far. `str()` is the table for people."""

    plan: Plan
    rows: Mapping[tuple[int, int], Row]
    interrupted: bool = False

    @cached_property
    def groups(self) -> list[Group]:
        """Every point, the best first, those without a value last."""
        found = [Group(p, tuple(self._of(p))) for p in self.plan.points]
        return sorted(found, key=self._rank)

    def _of(self, point: Point) -> Iterator[Row]:
        keys = ((point.number, seed) for seed in self.plan.seeds)
        return (self.rows[key] for key in keys if key in self.rows)

    def _rank(self, group: Group) -> float:
        mean = group.spread(self.plan.metric).mean
        return math.inf if math.isnan(mean) else -mean if self.plan.higher else mean

    @property
    def best(self) -> Group | None:
        first = self.groups[0]
        return first if first.spread(self.plan.metric).count else None

    @property
    def failures(self) -> list[Row]:
        """Rows of runs that ended with an error."""
        return [row for group in self.groups for row in group.rows if "error" in row]

    @property
    def paths(self) -> list[str]:
        """The settings that differ between points."""
        values = {path: [p.to_json()[path] for p in self.plan.points] for path in tried(self.plan.points)}
        return [path for path, found in values.items() if any(value != found[0] for value in found)]

    @property
    def metrics(self) -> list[str]:
        """The metric that decides, and the same one on `test` if it was measured."""
        wanted = [self.plan.metric, self.plan.metric.replace("valid/", "test/", 1)]
        known = {name for row in self.rows.values() for name in row.get("metrics", {})}
        return list(dict.fromkeys([self.plan.metric, *(name for name in wanted if name in known)]))

    def __str__(self) -> str:
        header = ["", *self.paths, *self.metrics, "seeds"]
        return aligned(header, [self._line(group) for group in self.groups])

    def _line(self, group: Group) -> list[str]:
        settings = group.point.to_json()
        done = group.spread(self.plan.metric).count
        count = f"{done}" if done == len(self.plan.seeds) else f"{done} of {len(self.plan.seeds)}"
        mark = "*" if group is self.best else ""
        cells = [setting_cell(settings[path]) for path in self.paths]
        return [mark, *cells, *(str(group.spread(metric)) for metric in self.metrics), count]

    def notes(self) -> list[str]:
        """What the table does not show: how many runs are done, which failed and why, where it is kept."""
        total = len(self.plan.points) * len(self.plan.seeds)
        done = sum(len(group.rows) for group in self.groups)
        failed = f", {len(self.failures)} failed" if self.failures else ""
        points = {point.number: point for point in self.plan.points}
        return [
            *(f"failed: {described(points[r['point']])} seed {r['seed']}: {first_line(r)}" for r in self.failures),
            *(["`--retry` runs those that failed again"] if self.failures else []),
            *(["stopped; the same command goes on from here"] if self.interrupted else []),
            f"{done} of {total} runs done{failed}; kept in {self.plan.folder}",
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain data: points as in the table, each with its runs."""
        return {
            "metric": self.plan.metric,
            "mode": "max" if self.plan.higher else "min",
            "seeds": list(self.plan.seeds),
            "directory": str(self.plan.folder),
            "points": [
                {
                    "settings": group.point.to_json(),
                    "best": group is self.best,
                    **{metric: group.spread(metric).to_json() for metric in self.metrics},
                    "runs": list(group.rows),
                }
                for group in self.groups
            ],
        }

    def to_csv(self) -> str:
        """A line a run: its settings, its metrics."""
        return comma_separated([_flat(row) for group in self.groups for row in group.rows])


def first_line(row: Row) -> str:
    """What went wrong, in a line."""
    return str(row["error"]).strip().partition("\n")[0]


def _flat(row: Row) -> dict[str, Any]:
    head = {"point": row["point"], "seed": row["seed"], **row["settings"], **row.get("metrics", {})}
    more = {key: row[key] for key in ("rows_per_second", "steps", "directory") if key in row}
    return {**head, **more, **({"error": first_line(row)} if "error" in row else {})}
