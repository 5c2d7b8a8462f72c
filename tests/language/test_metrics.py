"""`metrics:` of a task: names in results, settings with defaults, which way is better, mistakes."""

from __future__ import annotations

import math

import pytest

from blockrec.graph.compile import check
from blockrec.language.metrics import higher_is_better, metric_names, read_metrics
from blockrec.language.schema.metrics import KINDS

MODEL = """\
blockrec: 1
features: {user: {vocab: 5}, item: {vocab: 9}, past: {max_len: 4, fields: {item: {like: item}}}}
labels: {click: {}, rate: {type: float}}
graph: {v: {block: embed, in: [user, item], dim: 2}, logit: {block: linear, in: v, out: 1}}
tasks: {click: {logits: logit, loss: bce, metrics: METRICS}}
"""


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["auc", {"gauc": {"by": "user"}}, {"gauc": {"by": "item"}}], ["auc", "gauc", "gauc_item"]),
        ([{"auc": {"by": "user"}}, {"logloss": {"by": "item"}}, "logloss"], ["auc_user", "logloss_item", "logloss"]),
        ([{"ndcg": {"k": [5, 10], "by": "user"}}], ["ndcg@5_candidates", "ndcg@10_candidates"]),
        (
            [{"hit": {"k": 5, "over": "catalogue"}}, {"mrr": {"over": "catalogue"}}],
            ["hit@5_catalogue", "mrr_catalogue"],
        ),
        (
            [{"mrr": {"by": "user"}}, {"mrr": {"by": "item"}}, {"mrr": {"by": "user", "k": 3}}],
            ["mrr_candidates", "mrr_candidates_item", "mrr@3_candidates"],
        ),
        (["ece", {"ece": {"bins": 5}}, {"ece": {"bins": 7}}], ["ece", "ece_2", "ece_3"]),
        (["auc", "auc", {"auc": {}}, {"ece": {"bins": 15}}, "ece"], ["auc", "ece"]),
        (["nonsense", 3, {}, {"auc": 1}, None], []),
        (None, []),
        ("auc", []),
    ],
)
def test_names_tell_apart_what_is_measured(words: object, names: list[str]) -> None:
    assert metric_names(words) == names


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_names_tell_which_way_is_better(kind: object) -> None:
    words = [{kind.name: {"k": [1, 5], "by": by}} for by in ("user", "item")]
    for metric in read_metrics(words):
        assert higher_is_better(f"valid/click/{metric.name}") is metric.higher_is_better is kind.higher
        assert metric.better(0.6, 0.5) is kind.higher and metric.better(0.4, 0.5) is not kind.higher
        assert metric.better(0.5, None) and not metric.better(0.5, 0.5) and not metric.better(math.nan, 0.5)


def test_less_loss_is_better_and_other_words_are_scores() -> None:
    assert not higher_is_better("train/loss") and higher_is_better("valid/click/mine")


def test_settings_have_defaults() -> None:
    (metric,) = read_metrics([{"ece": {"by": "user"}}])
    assert metric.settings == {"bins": 15, "average": "rows", "by": "user"}


@pytest.mark.parametrize(
    ("metrics", "code", "said"),
    [
        ("[aucc]", "E107", "did you mean `auc`?"),
        ("[{aucc: {by: user}}]", "E107", "did you mean `auc`?"),
        ("[gauc]", "E107", "{gauc: {by: user}}"),
        ("[{gauc: {}}]", "E105", "by"),
        ("[{auc: {average: groups}}]", "E105", "by"),
        ("[{ndcg: {by: user}}]", "E105", "k"),
        ("[{ndcg: {k: 5}}]", "E105", "by"),
        ("[{ndcg: {k: 0, by: user}}]", "E106", "at least 1"),
        ("[{ndcg: {k: [], by: user}}]", "E106", "at least 1 item"),
        ("[{ndcg: {k: 5, over: all}}]", "E107", "catalogue"),
        ("[{ece: {bins: 0}}]", "E106", "at least 1"),
        ("[{accuracy: {threshold: 2}}]", "E106", "at most 1"),
    ],
)
def test_mistakes(metrics: str, code: str, said: str) -> None:
    _, _, report = check(MODEL.replace("METRICS", metrics))
    assert code in [d.code for d in report]
    assert said in str(report)
