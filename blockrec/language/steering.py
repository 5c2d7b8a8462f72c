"""Metrics that settings of `train:` name: each has to be one that the tasks measure on `valid`."""

from __future__ import annotations

from collections.abc import Iterator

from blockrec.diagnostics import Diagnostics, did_you_mean
from blockrec.language.metrics import metric_names
from blockrec.language.values import Map

PLACES = (("checkpoint", "best"), ("early_stop", "metric"), ("schedule", "plateau", "metric"))
"""Settings that name a metric, below `train`."""


def check_steering(sections: Map, report: Diagnostics) -> None:
    """E207 for a metric that no task has, or that is not on `valid`. sections: with their expressions evaluated."""
    known = measured(sections.section("tasks"))
    for *folders, key in PLACES:
        section = sections.section("train")
        for name in folders:
            section = section.section(name)
        path = section.get(key)
        if isinstance(path, str) and path not in known:
            help = did_you_mean(path, known, f"there are: {', '.join(known) or 'none'}")
            where = ".".join(["train", *folders, key])
            report.error("E207", f"`{where}` names no metric of a task on valid: `{path}`", section.at[key], help=help)


def measured(tasks: Map) -> list[str]:
    """`valid/<task>/<metric>` of all metrics, in file order."""
    return [f"valid/{task}/{metric}" for task, words in _words(tasks) for metric in metric_names(words)]


def _words(tasks: Map) -> Iterator[tuple[str, object]]:
    for name, spec in tasks.items():
        if isinstance(spec, Map):
            yield name, spec.get("metrics")
