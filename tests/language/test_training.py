"""Settings of `train:` that need, or exclude, each other."""

from __future__ import annotations

import pytest

from blockrec.diagnostics import Diagnostics, render
from blockrec.language.document import load

FILE = """
blockrec: 1
features: {item: {vocab: 9}}
labels: [click]
graph:
  vector: {block: embed, in: item, dim: 2}
  logit: {block: linear, in: vector, out: 1}
tasks: {click: {logits: logit, loss: bce}}
train:
  {train}
variants: {slow: {train: {schedule: {exponential: {}}}}, only: {train: {schedule: {cosine: null, exponential: {}}}}}
"""


def found(train: str, *variants: str) -> list[tuple[str, str, str]]:
    """(code, message, the text at its place)."""
    report = Diagnostics()
    load(FILE.replace("{train}", train), report, variants=variants)
    return [(d.code, d.message, render(d).split("^")[0].splitlines()[-2].strip()) for d in report.errors]


@pytest.mark.parametrize(
    "train",
    [
        "schedule: {warmup: 10, cosine: {to: 0.1}}",
        "schedule: {manual: {after: [10, 20], factors: [0.1, 0.01]}}",
        "optimizer: {dense: {sgd: {momentum: 0.9, nesterov: true}}}",
        "optimizer: {dense: {sgd: {nesterov: false}}}",
    ],
)
def test_what_fits(train: str) -> None:
    assert not found(train)


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ("schedule: {cosine: {}, plateau: {}}", "a schedule is `cosine` or `plateau`, not both"),
        ("schedule: {manual: {after: [10, 20], factors: [0.1]}}", "`after` has 2 items and `factors` has 1 item"),
        ("schedule: {manual: {after: [20, 10], factors: [1, 2]}}", "`after` must rise"),
        ("schedule: {manual: {after: [20, 20], factors: [1, 2]}}", "`after` must rise"),
        ("optimizer: {dense: {sgd: {nesterov: true}}}", "`nesterov` changes what `momentum` does, which is 0"),
        (
            "optimizer: {sparse: {dense: {sgd: {nesterov: true}}}}",
            "`nesterov` changes what `momentum` does, which is 0",
        ),
    ],
)
def test_what_does_not(train: str, message: str) -> None:
    ((code, said, line),) = found(train)
    assert (code, said) == ("E101", message) and line.endswith(train)


def test_a_variant_that_adds_a_schedule_to_another() -> None:
    assert [m for _, m, _ in found("schedule: {cosine: {}}", "slow")] == [
        "a schedule is `cosine` or `exponential`, not both"
    ]
    assert not found("schedule: {cosine: {}}", "only")


def test_the_schema_speaks_first() -> None:
    assert [c for c, _, _ in found("schedule: {manual: {after: [a, 1], factors: [1, 2]}}")] == ["E104"]
    assert [c for c, _, _ in found("schedule: {manual: 3}")] == ["E101"]
