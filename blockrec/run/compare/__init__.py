"""Runs beside each other: the settings that differ, metrics over seeds, and whether these differ by chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from blockrec.diagnostics import Diagnostics, did_you_mean, fail
from blockrec.language.metrics import higher_is_better
from blockrec.run.compare.comparison import Comparison, Group
from blockrec.run.compare.differences import differences
from blockrec.run.compare.finished import Finished, find_runs

__all__ = ["Comparison", "compare"]


def compare(
    runs: Iterable[str | Path],
    *,
    metrics: Sequence[str] = (),
    sort: str | None = None,
    against: str | Path | None = None,
    runs_dir: str | Path = "runs",
) -> Comparison:
    """Runs beside each other, grouped over seeds, the best first.

    runs: run directories, folders of them, globs, or names of models (their latest run in `runs_dir`). metrics: which
    to show; default: those on `test`, else on `valid`. sort: a metric or a setting; default: the first metric.
    against: the run, with the other seeds of its model, that the others are tested against by pairs of equal seeds;
    default: the first of the table. Raises `BlockrecError` for a name of nothing, and if there is nothing to compare.
    """
    report = Diagnostics()
    base = [] if against is None else find_runs([str(against)], runs_dir, report)[0]
    found, skipped = find_runs([*map(str, runs), *map(str, [] if against is None else [against])], runs_dir, report)
    report.raise_errors()
    groups = _grouped(found)
    known = list(dict.fromkeys(name for run in found for name in run.metrics))
    for name in metrics:
        _check(name, known, "metric")
    shown = tuple(metrics) or tuple(_telling(known))
    ordered = _sorted(groups, shown, sort)
    keys = [group.runs[0].key for group in ordered]
    place = keys.index(base[0].key) if base else 0
    return Comparison(tuple(ordered), shown, tuple(skipped), place)


def _grouped(runs: Sequence[Finished]) -> list[Group]:
    members: dict[str, list[Finished]] = {}
    for run in runs:
        members.setdefault(run.key, []).append(run)
    differing = differences([same[0].settings for same in members.values()])
    differing.pop("training.steps", None)  # they have a column anyway
    return [
        Group(tuple(sorted(same, key=lambda run: run.seed)), {path: values[n] for path, values in differing.items()})
        for n, same in enumerate(members.values())
    ]


def _telling(known: Sequence[str]) -> list[str]:
    on_test = [name for name in known if name.startswith("test/")]
    return on_test or list(known)


def _sorted(groups: list[Group], metrics: Sequence[str], sort: str | None) -> list[Group]:
    by = sort or next(iter(metrics), None)
    if by is None:
        return groups
    paths = list(groups[0].differing)
    if by in paths:
        return sorted(groups, key=lambda group: _order(group.differing[by]))
    known = [name for group in groups for run in group.runs for name in run.metrics]
    _check(by, [*dict.fromkeys(known), *paths], "metric or differing setting")
    sign = -1 if higher_is_better(by) else 1
    return sorted(groups, key=lambda g: (not (spread := g.spread(by)).count, sign * spread.mean))


def _order(value: Any) -> tuple[bool, float, str]:
    """Numbers by size, before texts."""
    is_number = isinstance(value, int | float)
    return (not is_number, value if is_number else 0.0, str(value))


def _check(name: str, known: Sequence[str], what: str) -> None:
    if name not in known:
        help = did_you_mean(name, known, f"there are: {', '.join(known)}")
        raise fail("E107", f"these runs have no {what} `{name}`", help=help)
