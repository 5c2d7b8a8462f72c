"""Groups of runs beside each other, as text and as plain data."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from blockrec.run.compare.differences import MISSING
from blockrec.run.compare.finished import Finished
from blockrec.run.compare.paired import ASSUMES, Paired, adjusted, by_seed
from blockrec.run.tables import Spread, aligned, count_cell, setting_cell

INLINE = 4
"""So many settings are columns of the table of results; more become a table of their own."""


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seeds only. differing: path → value of the settings that not all groups share."""

    runs: tuple[Finished, ...]
    differing: dict[str, Any]

    def spread(self, metric: str) -> Spread:
        return Spread.of([run.metrics[metric] for run in self.runs if metric in run.metrics])

    def mean(self, *path: str) -> list[float]:
        """The mean of a number in the results, as a list of one; empty if no run has it."""
        values = [value for run in self.runs if (value := _number(run.result, path)) is not None]
        return [statistics.fmean(values)] if values else []


def _number(result: Any, path: Sequence[str]) -> float | None:
    for key in path:
        result = result.get(key, {}) if isinstance(result, dict) else {}
    return float(result) if isinstance(result, int | float) else None


@dataclass(frozen=True)
class Comparison:
    """`str()` is the table for people. groups: sorted. metrics: those to show. skipped: what is no finished run.

    against: the place in `groups` of the one that paired tests compare with.
    """

    groups: tuple[Group, ...]
    metrics: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    against: int = 0

    @cached_property
    def paths(self) -> list[str]:
        """The settings that differ."""
        return list(self.groups[0].differing)

    @cached_property
    def paired(self) -> list[list[Paired]]:
        """Of each group, the paired tests of its metrics against the chosen group; none of that group itself."""
        found: list[list[Paired]] = [[] for _ in self.groups]
        for metric in self.metrics:
            tests = {place: test for place in range(len(self.groups)) if (test := self._test(place, metric))}
            corrected = adjusted([test.p for test in tests.values()])
            for (place, test), p in zip(tests.items(), corrected, strict=True):
                found[place].append(replace(test, adjusted=p))
        return found

    def _test(self, place: int, metric: str) -> Paired | None:
        if place == self.against:
            return None
        ours, theirs = (by_seed(self.groups[i].runs, metric) for i in (place, self.against))
        return Paired.of(metric, ours, theirs)

    def __str__(self) -> str:
        return "\n\n".join([*self._tables(), *self._tests()])

    def _tables(self) -> Iterator[str]:
        if len(self.paths) <= INLINE:
            lines = [[*self._line(group, inline=True)] for group in self.groups]
            yield aligned(["run", *self.paths, *self._columns], lines)
            return
        lines = [[mark, *self._line(g, inline=False)] for mark, g in zip(self._marks, self.groups, strict=True)]
        settings = [[path, *(setting_cell(g.differing[path]) for g in self.groups)] for path in self.paths]
        yield aligned(["", "run", *self._columns], lines)
        yield aligned(["setting", *self._marks], settings)

    def _tests(self) -> Iterator[str]:
        """Differences from the chosen group with their p-values, and what these assume."""
        rows = [
            [
                self._name(place),
                test.metric,
                f"{test.mean:+.4f} ± {test.half:.4f}",
                f"{test.adjusted:.3g}",
                _seeds(test),
            ]
            for place, tests in enumerate(self.paired)
            for test in tests
        ]
        if rows:
            header = [f"minus {self._name(self.against)}", "metric", "difference, 95 %", "p", "seeds"]
            yield f"{aligned(header, rows)}\n{ASSUMES}"

    @property
    def _marks(self) -> list[str]:
        return [_mark(number) for number in range(len(self.groups))]

    def _name(self, place: int) -> str:
        return self._title(self.groups[place]) if len(self.paths) <= INLINE else self._marks[place]

    @staticmethod
    def _title(group: Group) -> str:
        first = group.runs[0].path.resolve()
        return first.name if len(group.runs) == 1 else f"{first.name} +{len(group.runs) - 1}"

    @property
    def _columns(self) -> list[str]:
        return [*self.metrics, "seeds", "steps", "rows/s", "parameters"]

    def _line(self, group: Group, *, inline: bool) -> Iterator[str]:
        yield self._title(group)
        if inline:
            yield from (setting_cell(group.differing[path]) for path in self.paths)
        yield from (str(group.spread(metric)) for metric in self.metrics)
        yield ",".join(str(run.seed) for run in group.runs)
        yield count_cell(group.mean("steps"))
        yield count_cell(group.mean("rows_per_second"))
        parts = [group.mean("parameters", kind) for kind in ("dense", "tables")]
        yield count_cell([sum(part[0] for part in parts)] if all(parts) else [])

    def to_json(self) -> list[dict[str, Any]]:
        """Plain data: a group an entry, in the table's order; a setting that a model does not have is absent."""
        return [
            {
                "settings": {path: value for path, value in group.differing.items() if value is not MISSING},
                "metrics": {metric: group.spread(metric).to_json() for metric in self.metrics},
                "runs": [{"directory": str(run.path), "seed": run.seed, "result": run.result} for run in group.runs],
                "paired": {test.metric: test.to_json() for test in tests},
                "against": str(self.groups[self.against].runs[0].path) if tests else None,
            }
            for group, tests in zip(self.groups, self.paired, strict=True)
        ]


def _seeds(test: Paired) -> str:
    return ",".join(map(str, test.seeds))


def _mark(number: int) -> str:
    """A, B, …, Z, AA, AB, …"""
    return (_mark(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)
