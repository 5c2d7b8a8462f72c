"""Metrics are those of all predictions of a split, in evaluation mode."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from blockrec.language.metrics import read_metrics
from blockrec.run.evaluate import Task, evaluate, tasks_of
from tests.metrics.words import value
from tests.run.toy import Samples, Toy

GAUC = {"gauc": {"by": "user"}}
CPU = torch.device("cpu")


def task(*words: object) -> list[Task]:
    return [Task("click", "click", "tasks.click", tuple(read_metrics([*words])))]


@pytest.mark.parametrize("batch_size", [7, 100, 1000])
def test_all_predictions_of_the_split(batch_size: int) -> None:
    model, split = Toy(dropout=0.5), Samples()
    tasks = task("auc", "logloss", {"gauc": {"by": "user"}})
    found = evaluate(model, split, "valid", tasks, batch_size=batch_size, device=CPU)
    columns = split.columns()
    model.eval()
    with torch.no_grad():  # in batches of that size: rounding differs with it, which would order equal scores
        scores = torch.cat([model(batch)["click"] for batch in split.batches(batch_size)]).squeeze(-1).sigmoid()
    assert found is not None and not found.undefined
    assert found.metrics == pytest.approx(
        {
            "valid/click/auc": value("auc", scores, columns["click"]),
            "valid/click/logloss": value("logloss", scores, columns["click"]),
            "valid/click/gauc": value(GAUC, scores, columns["click"], columns["user"]),
        }
    )


def test_training_mode_and_state_are_as_before() -> None:
    model = Toy().train()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    evaluate(model, Samples(), "valid", task("auc"), batch_size=32, device=CPU)
    assert all(module.training for module in model.modules())
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_one_class_is_said_not_crashed_on() -> None:
    class Clicks(Samples):
        def columns(self) -> dict[str, torch.Tensor]:
            return super().columns() | {"click": torch.ones(self.rows)}

    found = evaluate(Toy(), Clicks(), "test", task("auc", "logloss"), batch_size=32, device=CPU)
    assert found is not None and set(found.metrics) == {"test/click/logloss"}
    assert found.undefined == ("test/click/auc is not defined: all 100 labels are 1: AUC needs both classes",)


def test_it_stops_when_asked() -> None:
    assert evaluate(Toy(), Samples(), "valid", task("auc"), batch_size=32, device=CPU, stop=lambda: True) is None


def test_tasks_come_from_the_graph() -> None:
    (found,) = tasks_of(Toy().graph_ir)
    assert (found.name, found.label, found.loss) == ("click", "click", "tasks.click")
    assert [m.name for m in found.metrics] == ["auc", "logloss"]


def test_masked_rows_are_not_measured() -> None:
    class Masked(Samples):
        def columns(self) -> dict[str, torch.Tensor]:
            columns = super().columns()
            return columns | {"mask": (columns["user"] > 2).float()}

    model = Toy()
    (whole,) = task("auc", "logloss", {"gauc": {"by": "user"}})
    masked = evaluate(model, Masked(), "valid", [replace(whole, mask="mask")], batch_size=100, device=CPU)
    columns = Masked().columns()
    rows = columns["mask"] == 1
    with torch.no_grad():
        scores = model.eval()(columns)["click"].squeeze(-1).sigmoid()[rows]
    assert masked is not None and 0 < rows.sum() < len(rows)
    assert masked.metrics["valid/click/auc"] == pytest.approx(value("auc", scores, columns["click"][rows]))
    assert masked.metrics["valid/click/gauc"] == pytest.approx(
        value(GAUC, scores, columns["click"][rows], columns["user"][rows])
    )
