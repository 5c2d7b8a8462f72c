"""What a task's `metrics:` name, as values: names that results have, settings with their defaults, which way is better.

Needs no torch, so that names of metrics in other settings can be checked without measuring anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from blockrec.language.schema.metrics import KINDS, Kind

LOWER = ("loss",)
"""Of what is reported beside metrics, that of which less is better."""


@dataclass(frozen=True)
class Metric:
    """One metric of a task.

    name: in results, behind `<split>/<task>/`. by: column whose values make the groups. k: places that count (None:
    all). over: what is ranked, if it is a ranking.
    """

    name: str
    kind: Kind
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def by(self) -> str | None:
        return self.settings.get("by")

    @property
    def k(self) -> int | None:
        return self.settings.get("k")

    @property
    def over(self) -> Literal["candidates", "catalogue", "tree"] | None:
        return self.settings.get("over")

    @property
    def higher_is_better(self) -> bool:
        return self.kind.higher

    def better(self, value: float, than: float | None) -> bool:
        """Is `value` an improvement?"""
        return than is None or (value > than if self.kind.higher else value < than)


def read_metrics(words: Any) -> list[Metric]:
    """`[auc, {gauc: {by: user}}, {ndcg: {k: [5, 10], by: user}}]` → metrics with distinct names.

    `auc`, `gauc`, a second one `gauc_<by>`; others within groups `<kind>_<by>`; of lists that are ranked
    `ndcg@5_candidates`, `ndcg@5_catalogue` or `ndcg@5_tree`, so that nobody compares them. What is written twice
    counts once; of equal names the second one ends in `_2`. Words that are no metrics (reported with the document's
    structure) are left out.
    """
    found: dict[str, Metric] = {}
    for metric in _each(words if isinstance(words, list | tuple) else ()):
        if any(_same(metric, other) for other in found.values()):
            continue
        name = next(name for name in _names(metric) if name not in found)
        found[name] = replace(metric, name=name)
    return list(found.values())


def metric_names(words: Any) -> list[str]:
    """The names under which results have a task's metrics."""
    return [metric.name for metric in read_metrics(words)]


def higher_is_better(name: str) -> bool:
    """Of a metric as results name it: `logloss`, or `<split>/<task>/<metric>`."""
    name = name.rpartition("/")[2]
    kind = next((k for k in KINDS.values() if name == k.name or name.startswith((f"{k.name}@", f"{k.name}_"))), None)
    return kind.higher if kind is not None else name not in LOWER


def _each(words: Iterable[Any]) -> Iterator[Metric]:
    for word in words:
        name, given = next(iter(word.items())) if isinstance(word, Mapping) and word else (word, {})
        kind = KINDS.get(name) if isinstance(name, str) else None
        if kind is None or not isinstance(given, Mapping):
            continue
        defaults = {key: schema["default"] for key, schema in kind.settings.items() if "default" in schema}
        places = given.get("k")
        for k in places if isinstance(places, list) else [places]:
            yield Metric(kind.name, kind, {**defaults, **given, **({"k": k} if k is not None else {})})


def _same(one: Metric, other: Metric) -> bool:
    return one.kind is other.kind and dict(one.settings) == dict(other.settings)


def _names(metric: Metric) -> Iterator[str]:
    """What it may be called, the preferred name first."""
    kind, by = metric.kind, metric.by
    if kind.ranking:
        base = f"{kind.name}@{metric.k}" if metric.k else kind.name
        base = f"{base}_{metric.over}"
    else:
        base = kind.name
    grouped = f"{base}_{by}"
    if not by:
        yield base
    elif kind.ranking or "by" in kind.required:
        yield from (base, grouped)
    else:
        yield grouped
    last, number = (grouped if by else base), 2
    while True:
        yield f"{last}_{number}"
        number += 1
