"""The metrics that a task may name, each with its settings and what is good: written here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from blockrec.language.schema.parts import Schema, choice, closed, text, whole

Labels = Literal["classes", "several", "shares", "numbers", "gains"]
LABELS: Mapping[Labels, str] = {
    "classes": "0 or 1",
    "several": "0 or 1, or the number of a class",
    "shares": "between 0 and 1",
    "numbers": "any number",
    "gains": "0: not relevant; more: how relevant",
}

_BY: Schema = text("Feature or column: measured among the rows of each of its values, then averaged.")
_AVERAGE: Schema = {
    **choice("Average over groups: each counts by its `rows`, or all `groups` count alike.", "rows", "groups"),
    "default": "rows",
}
_OVER: Schema = {
    **choice(
        "What is ranked: `candidates`, the rows of a group of the split itself; `catalogue`, every item of the "
        "training part for each row whose label is above 0 (see `eval.catalogue`); or `tree`, of these items those "
        "that a search down `data.tree` reaches.",
        "candidates",
        "catalogue",
        "tree",
    ),
    "default": "candidates",
}
_PLACES: Schema = {
    "type": ["integer", "array"],
    "minimum": 1,
    "items": {"type": "integer", "minimum": 1},
    "minItems": 1,
    "description": "How many places from the top count; of a list, each makes a metric.",
}
_NEEDS_GROUPS: Schema = {"if": {"required": ["average"]}, "then": {"required": ["by"]}}
_ITEMS: Schema = {"properties": {"over": {"enum": ["catalogue", "tree"]}}, "required": ["over"]}
_RANKING: Schema = {
    "by": text("Feature or column whose equal values make a list of candidates, e.g. the user."),
    "over": _OVER,
}


@dataclass(frozen=True)
class Kind:
    """A metric. higher: whether more of it is better. labels: which labels it can be measured against.

    best: the value of a perfect model, in words.
    """

    name: str
    doc: str
    higher: bool
    labels: Labels
    best: str
    settings: Mapping[str, Schema]
    required: tuple[str, ...] = ()
    ranking: bool = False

    @property
    def schema(self) -> Schema:
        """Of its settings."""
        if not self.ranking:
            return closed(self.doc, dict(self.settings), required=[*self.required], **_NEEDS_GROUPS)
        over: Schema = {"if": _ITEMS, "else": {"required": ["by"]}}
        return closed(self.doc, dict(self.settings), required=[*self.required], **over)


def _averaged(name: str, doc: str, higher: bool, labels: Labels, best: str = "0", **settings: Schema) -> Kind:
    return Kind(name, doc, higher, labels, best, {**settings, "by": _BY, "average": _AVERAGE})


def _ranking(name: str, doc: str) -> Kind:
    return Kind(name, doc, True, "gains", "1", {"k": _PLACES, **_RANKING}, ("k",), True)


_ALL = [
    _averaged(
        "auc",
        "Area under the ROC curve: the share of pairs of a positive and a negative that are in the right order; "
        "equal scores count one half. Exact.",
        True,
        "classes",
        "1",
    ),
    Kind(
        "gauc",
        "AUC within groups, weighted by their rows: `auc` with `by`.",
        True,
        "classes",
        "1",
        {"by": _BY, "average": _AVERAGE},
        ("by",),
    ),
    _averaged("logloss", "Mean binary cross-entropy, in nats.", False, "shares"),
    _averaged(
        "normalized_entropy",
        "Logloss divided by the entropy of the mean label: 1 for a model that always predicts the mean.",
        False,
        "shares",
    ),
    _averaged(
        "ece",
        "Expected calibration error: mean distance of predicted and observed rates in bins of the prediction. Its "
        "reliability curve is kept beside it.",
        False,
        "shares",
        bins={**whole("How many bins of equal width from 0 to 1."), "maximum": 10_000, "default": 15},
    ),
    _averaged(
        "accuracy",
        "Share of rows whose prediction is on the right side of the threshold; of classes, is the right one.",
        True,
        "several",
        "1",
        threshold={
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.5,
            "description": "A prediction above it stands for 1.",
        },
    ),
    _averaged("mae", "Mean absolute error.", False, "numbers"),
    _averaged("mse", "Mean squared error.", False, "numbers"),
    _averaged("rmse", "Square root of the mean squared error.", False, "numbers"),
    _averaged(
        "xauc",
        "Share of pairs of different labels that are in the right order; equal scores count one half. With labels "
        "0 and 1 it is `auc`.",
        True,
        "numbers",
        "1",
    ),
    _ranking("recall", "Share of a list's positives that are among its first k."),
    _ranking("precision", "Share of the first k places that hold positives."),
    _ranking(
        "ndcg",
        "Discounted cumulative gain of the first k, divided by that of the best order; the gain is the label, the "
        "discount 1/log2(1 + place).",
    ),
    Kind(
        "mrr",
        "Reciprocal of the first positive's place; 0 beyond k.",
        True,
        "gains",
        "1",
        {"k": {**_PLACES, "description": "Places from the top that count; default: all."}, **_RANKING},
        ranking=True,
    ),
    _ranking("hit", "Share of lists with a positive among the first k."),
]

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}

PLAIN = [kind.name for kind in _ALL if not kind.required and not kind.ranking]
"""Those that need no setting, so that the name alone is enough."""

EXAMPLE = "e.g. [auc, logloss, {gauc: {by: user}}, {ndcg: {k: 10, by: user}}]"

METRIC: Schema = {
    **closed("A metric by name, or a mapping of its name to its settings.", {k: v.schema for k, v in KINDS.items()}),
    "type": ["string", "object"],
    "minProperties": 1,
    "maxProperties": 1,
    "x-codes": {"additionalProperties": "E107"},
    "x-page": "metrics.md",
    "if": {"type": "string"},
    "then": {"enum": PLAIN, "x-others": [*KINDS], "x-help": EXAMPLE},
}
"""Of one entry of `metrics:`."""
