"""A finished run measured again."""

from __future__ import annotations

from pathlib import Path

import pytest

import blockrec
from blockrec.run import RunResult
from blockrec.run.measure import evaluate_run


@pytest.mark.parametrize("split", ["valid", "test", None])
def test_the_metrics_are_those_of_the_run(little: RunResult, little_run: Path, split: str | None) -> None:
    found = evaluate_run(little_run, split=split, batch_size=17)
    wanted = {k: v for k, v in little.metrics.items() if k.startswith(f"{split or 'test'}/")}
    assert found.metrics == pytest.approx(wanted) and len(wanted) == 2
    assert found.rows == little.facts["samples"][split or "test"]
    assert f"{wanted[f'{found.split}/click/auc']:.4f}" in str(found) and f"{found.rows:,} samples" in str(found)


def test_what_is_known_beside_a_metric_is_told(little_run: Path) -> None:
    found = evaluate_run(little_run, sets=["tasks.click.metrics=[ece]"]).to_json()
    curve = found["details"]["test/click/ece"]["reliability"]
    assert sum(curve["counts"]) == found["rows"] and found["data"] == "planted_interests"


def test_other_metrics_and_another_checkpoint(little: RunResult, little_run: Path) -> None:
    found = evaluate_run(little_run, checkpoint="last", split="valid", sets=["tasks.click.metrics=[logloss]"])
    assert little.last is not None and found.step == little.last.step
    assert found.to_json()["metrics"] == {
        "valid/click/logloss": pytest.approx(little.last.metrics["valid/click/logloss"])
    }


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"split": "valid", "sets": ["data.split.valid=0"]}, r"E501.*no samples `valid`(.|\n)*`train` has"),
        ({"sets": ["tasks.click.metrics=null"]}, "E706.*metric"),
        ({"device": "gpu"}, "E706.*unknown device"),
        ({"checkpoint": "step-7"}, "E009.*no checkpoint"),
    ],
)
def test_what_cannot_be_measured(little_run: Path, more: dict[str, object], message: str) -> None:
    with pytest.raises(blockrec.BlockrecError, match=message):
        evaluate_run(little_run, **more)  # type: ignore[arg-type]
