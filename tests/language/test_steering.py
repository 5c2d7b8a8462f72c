"""Metrics that steer a training are known when the file is checked, by the names that results have."""

from __future__ import annotations

import pytest

from blockrec.diagnostics import Diagnostics
from blockrec.language.document import load
from blockrec.run.goals import goal_of
from blockrec.run.log import Log
from blockrec.run.prepare import Wishes, prepare

MODEL = """
blockrec: 1
features: {{user: {{vocab: 9}}, item: {{vocab: 9}}}}
labels: [click, buy]
graph:
  vector: {{block: embed, in: [user, item], dim: 4}}
  logit: {{block: linear, in: vector, out: 1}}
tasks:
  click: {{logits: logit, loss: bce, metrics: [auc, {{gauc: {{by: user}}}}, {{ndcg: {{k: [5, 10], by: user}}}}]}}
  buy: {{logits: logit, loss: bce, metrics: [logloss]}}
train: {{{train}}}
"""


def mistakes(train: str) -> list[str]:
    report = Diagnostics()
    load(MODEL.format(train=train), report)
    return [f"{d.code} {d.message} at {d.at.text if d.at else ''}; {d.help}" for d in report.errors]


@pytest.mark.parametrize("name", ["auc", "gauc", "ndcg@5_candidates", "ndcg@10_candidates"])
@pytest.mark.parametrize(
    "rule", ["early_stop: {{metric: {}}}", "checkpoint: {{best: {}}}", "schedule: {{plateau: {{metric: {}}}}}"]
)
def test_a_metric_of_a_task(rule: str, name: str) -> None:
    assert not mistakes(rule.format(f"valid/click/{name}"))


@pytest.mark.parametrize(
    ("train", "setting", "help"),
    [
        ("early_stop: {metric: valid/click/acu}", "train.early_stop.metric", "did you mean `valid/click/auc`?"),
        ("checkpoint: {best: test/buy/logloss}", "train.checkpoint.best", "did you mean `valid/buy/logloss`?"),
        ("schedule: {plateau: {metric: loss}}", "train.schedule.plateau.metric", "there are: valid/click/auc, "),
    ],
)
def test_another_name(train: str, setting: str, help: str) -> None:
    (found,) = mistakes(train)
    name = train.rsplit(": ", maxsplit=1)[-1].strip("}")
    assert found.startswith(f"E207 `{setting}` names no metric of a task on valid: `{name}` at {name}; {help}")


def test_the_checked_names_are_those_that_a_run_follows() -> None:
    job = prepare("din", Wishes(sets=["data.generate.planted_interests={users: 200, items: 100}"]), Log())
    goal = goal_of(job.tasks, "valid/click/logloss")
    assert goal is not None and not goal.higher and goal_of(job.tasks, "valid/click/loss") is None
    first = goal_of(job.tasks, None)
    assert first is not None and first.path == "valid/click/auc" and first.higher
