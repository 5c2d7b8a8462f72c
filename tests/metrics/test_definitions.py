"""Every metric against its definition: over all rows, within groups, and with more rows than memory may hold."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.language.schema.metrics import KINDS
from blockrec.metrics.measure import Undefined
from tests.metrics import slow
from tests.metrics.words import table, value

Row = tuple[float, float, int]
FEW = settings(max_examples=25, deadline=None)
EIGHTHS = st.integers(0, 8).map(lambda n: n / 8)
NUMBERS = st.integers(-3, 3).map(float)


def rows_of(labels: st.SearchStrategy[float], scores: st.SearchStrategy[float] = EIGHTHS, most: int = 30) -> object:
    return st.lists(st.tuples(scores, labels, st.integers(-2, 3)), min_size=1, max_size=most)


CLASSES = rows_of(st.integers(0, 1).map(float))
LISTS = rows_of(st.sampled_from([0.0, 0.0, 1.0, 3.0]), st.integers(0, 3).map(float), most=12)


def columns(rows: list[Row]) -> tuple[list[float], list[float], list[int]]:
    scores, labels, groups = zip(*rows, strict=True)
    return [*scores], [*labels], [*groups]


def groups_of(rows: list[Row]) -> list[list[Row]]:
    return [[row for row in rows if row[2] == group] for group in {row[2] for row in rows}]


def check(word: object, rows: list[Row], wanted: float | None) -> None:
    """The value of a metric, however few rows are in memory."""
    scores, labels, groups = columns(rows)
    if wanted is None:
        with pytest.raises(Undefined):
            value(word, scores, labels, groups)
        return
    assert value(word, scores, labels, groups) == pytest.approx(wanted, abs=1e-9)
    spilled = table([word], 3, rows)
    assert [*spilled.results().values.values()] == pytest.approx([wanted], abs=1e-9)
    spilled.close()


def test_every_metric_has_a_definition() -> None:
    assert {*slow.EVERY, *slow.RANKING, "gauc"} == set(KINDS)


@pytest.mark.parametrize("name", ["auc", "xauc", "logloss", "normalized_entropy", "ece", "accuracy"])
@FEW
@given(rows=CLASSES)
def test_of_classes(name: str, rows: list[Row]) -> None:
    check(name, rows, slow.EVERY[name](*columns(rows)[:2]))


@pytest.mark.parametrize("name", ["xauc", "mae", "mse", "rmse"])
@FEW
@given(rows=rows_of(NUMBERS, NUMBERS))
def test_of_numbers(name: str, rows: list[Row]) -> None:
    check(name, rows, slow.EVERY[name](*columns(rows)[:2]))


@pytest.mark.parametrize("average", ["rows", "groups"])
@pytest.mark.parametrize("name", [*slow.EVERY, "gauc"])
@FEW
@given(rows=CLASSES)
def test_within_groups(name: str, average: str, rows: list[Row]) -> None:
    of = slow.EVERY[name.removeprefix("g")]
    found = [(v, len(own)) for own in groups_of(rows) if (v := of(*columns(own)[:2])) is not None]
    weights = [n if average == "rows" else 1 for _, n in found]
    wanted = fmean([v for v, _ in found], weights) if found else None
    check({name: {"by": "user", "average": average}}, rows, wanted)


@pytest.mark.parametrize("k", [1, 2, 5, 20])
@pytest.mark.parametrize("name", slow.RANKING)
@FEW
@given(rows=LISTS)
def test_lists_of_candidates(name: str, k: int, rows: list[Row]) -> None:
    lists = [own for own in groups_of(rows) if len(own) <= 6]
    found = [v for own in lists if (v := slow.RANKING[name](*columns(own)[:2], k)) is not None]
    rows = [row for own in lists for row in own]
    if rows:
        check({name: {"k": k, "by": "user"}}, rows, fmean(found) if found else None)


def test_mrr_without_a_limit_counts_every_place() -> None:
    assert value({"mrr": {"by": "user"}}, [3, 2, 1, 0], [0, 0, 0, 1], [7] * 4) == 0.25


@FEW
@given(rows=CLASSES)
def test_settings_of_bins_and_threshold(rows: list[Row]) -> None:
    scores, labels, _ = columns(rows)
    check({"ece": {"bins": 4}}, rows, slow.ece(scores, labels, 4))
    check({"accuracy": {"threshold": 0.25}}, rows, slow.accuracy(scores, labels, 0.25))


def test_a_model_that_tells_nothing_ranks_like_chance_however_the_rows_stand() -> None:
    """A positive that stands first among equal scores is not found first."""
    labels = np.array([1.0, 0, 0, 0])
    assert value({"hit": {"k": 1, "by": "user"}}, np.zeros(4), labels, np.zeros(4)) == pytest.approx(1 / 4)
    assert value({"mrr": {"by": "user"}}, np.zeros(4), labels, np.zeros(4)) == pytest.approx(25 / 48)


@FEW
@given(rows=CLASSES)
def test_xauc_of_classes_is_auc_and_a_group_of_everyone_is_the_whole(rows: list[Row]) -> None:
    scores, labels, _ = columns(rows)
    try:
        auc = value("auc", scores, labels)
    except Undefined:
        return
    assert value("xauc", scores, labels) == pytest.approx(auc)
    assert value({"gauc": {"by": "user"}}, scores, labels, [9] * len(rows)) == pytest.approx(auc)


def test_auc_of_many_rows_is_that_of_their_ranks() -> None:
    draw = np.random.default_rng(0)
    labels = (draw.random(200_000) < 0.3).astype(float)
    scores = draw.random(200_000) + 0.1 * labels
    ranks = np.empty(200_000)
    ranks[scores.argsort()] = np.arange(1, 200_001)
    positives = labels.sum()
    wins = ranks[labels > 0].sum() - positives * (positives + 1) / 2
    assert value("auc", scores, labels) == pytest.approx(wins / positives / (200_000 - positives), abs=1e-12)


def test_a_certain_mistake_costs_what_float32_can_tell() -> None:
    assert 15 < value("logloss", [0.0], [1.0]) < 17


EVERY_WORD = [*slow.EVERY, {"gauc": {"by": "user"}}, *({n: {"k": 3, "by": "user"}} for n in slow.RANKING)]


@pytest.mark.parametrize("word", EVERY_WORD, ids=str)
def test_no_rows(word: object) -> None:
    with pytest.raises(Undefined, match="no samples"):
        value(word, np.empty(0), np.empty(0), np.empty(0))


@pytest.mark.parametrize("word", EVERY_WORD, ids=str)
def test_a_prediction_that_is_no_number_is_said(word: object) -> None:
    with pytest.raises(Undefined, match="1 of 3 predictions are not finite"):
        value(word, [0.5, float("nan"), 0.1], [0, 1, 1], [1, 1, 1])


@pytest.mark.parametrize(
    ("word", "labels", "why"),
    [
        ("auc", [1, 1, 1], "all 3 labels are 1"),
        ("xauc", [2, 2, 2], "all 3 labels are 2"),
        ("normalized_entropy", [0, 0, 0], "no entropy"),
        ({"normalized_entropy": {"by": "user"}}, [0, 0, 0], "in every group all labels are 0"),
        ({"gauc": {"by": "user"}}, [0, 0, 1], "every group has labels of one class"),
        ({"ndcg": {"k": 2, "by": "user"}}, [0, 0, 0], "no group has positives and others"),
        ("auc", [0, 2, 1], "not all 0 or 1"),
        ({"gauc": {"by": "user"}}, [0, 0.5, 1], "not all 0 or 1"),
    ],
    ids=str,
)
def test_what_has_no_value_says_why(word: object, labels: list[float], why: str) -> None:
    with pytest.raises(Undefined, match=why):
        value(word, [0.1, 0.2, 0.3], labels, [5, 5, 6])
