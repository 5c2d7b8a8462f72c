"""Which column of the files each feature and label reads: lists for what stands in a sequence."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from blockrec.data.encoding.derived import is_age
from blockrec.data.sampling.plan import is_made
from blockrec.language.features import Calendar, Column, Feature, Label


@dataclass(frozen=True)
class Binding:
    """known: names of the columns that the files have; None: whatever is asked for is there."""

    known: Collection[str] | None

    def feature(self, feature: Feature) -> Feature:
        """The feature with the names of columns as the files have them.

        `behaviors.item` reads the list column `behaviors.item`, else `behaviors_item`, unless it names another one; a
        name that columns have which are made for items (see `is_made`) says nothing of lists.
        """
        source, sequence = feature.source, feature.sequence
        if sequence is None or not isinstance(source, Column | Calendar):
            return feature
        if isinstance(source, Column):
            short = feature.name.rpartition(".")[2]
            name = source.name if source.own and not is_made(feature) else self._first(_listed(sequence, short))
            return replace(feature, source=replace(source, name=name))
        since = source.since and self._first([*_listed(sequence, source.since), source.since])
        column = source.column
        if column is not None and source.since is None and not is_age(feature):
            column = self._first([*_listed(sequence, column), column])
        return replace(feature, source=replace(source, since=since, column=column))

    def label(self, label: Label, features: Iterable[Feature]) -> Label:
        """The label of a step reads what the field of its name reads, else a list column named as of a field."""
        if label.sequence is None:
            return label
        fields = [f for f in features if f.sequence == label.sequence and isinstance(f.source, Column)]
        same = [f for f in fields if f.name == f"{label.sequence}.{label.column}"] or [
            f for f in fields if isinstance(f.source, Column) and f.source.name == label.column
        ]
        if same:
            source = self.feature(same[0]).source
            assert isinstance(source, Column)
            return replace(label, column=source.name)
        return replace(label, column=self._first([*_listed(label.sequence, label.column), label.column]))

    def _first(self, names: list[str]) -> str:
        """The first that there is; if there is none, the one to ask for."""
        return next((name for name in names if self.known is None or name in self.known), names[1])


def _listed(sequence: str, short: str) -> list[str]:
    return [f"{sequence}.{short}", f"{sequence}_{short}"]
