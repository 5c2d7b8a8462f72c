"""`train:` and `eval:` become values; the schema is where defaults are."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from blockrec.diagnostics import BlockrecError
from blockrec.language.schema.eval import EVAL
from blockrec.language.schema.train import TRAIN
from blockrec.run.settings import Period, eval_settings, run_length, train_settings
from tests.run.toy import section, settings


def test_defaults() -> None:
    train = settings()
    assert (train.epochs, train.steps, train.seed, train.device, train.overrides) == (1, None, 1, "auto", ())
    assert str(train.dense) == "adam(lr=0.001, eps=1e-08, weight_decay=0)"
    assert train.sparse.name == "lazy_adam" and not train.tables_dense
    evaluation = eval_settings(section())
    assert (evaluation.every, evaluation.batch_size) == (Period(1, "epoch"), None)


def test_options_that_are_given_keep_the_other_defaults() -> None:
    train = settings(optimizer={"dense": {"adamw": {"lr": 0.5}}, "sparse": {"dense": {"adam": {"betas": [0.5, 0.6]}}}})
    assert train.dense.name == "adamw" and train.dense.options["weight_decay"] == 0.01
    assert train.tables_dense and train.sparse.name == "adam"
    assert train.sparse.options == {"lr": 1e-3, "betas": [0.5, 0.6], "eps": 1e-8, "weight_decay": 0.0}


@pytest.mark.parametrize(
    ("text", "count", "unit"), [("150 steps", 150, "step"), ("1 step", 1, "step"), ("2 epochs", 2, "epoch")]
)
def test_every(text: str, count: int, unit: str) -> None:
    evaluation = eval_settings(section(every=text))
    assert evaluation.every == Period(count, unit)


def test_the_caller_goes_before_the_file() -> None:
    train = settings(epochs=3, steps=70)
    assert run_length(train, epochs=None, steps=None) == (3, 70)
    assert run_length(train, epochs=5, steps=None) == (5, None)
    assert run_length(train, epochs=None, steps=9) == (3, 9)
    for epochs, steps in ((1, 1), (0, None), (None, -2)):
        with pytest.raises(BlockrecError, match="E706"):
            run_length(train, epochs=epochs, steps=steps)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": 3},
        {"epochs": 0},
        {"epochs": True},
        {"seed": -1},
        {"device": "gpu"},
        {"optimizer": {"dense": {"rmsprop": {}}}},
        {"optimizer": {"sparse": {"lazy_adam": {}, "rowwise_adagrad": {}}}},
        {"optimizer": {"sparse": {"rowwise_adagrad": {"betas": [0.9, 0.99]}}}},
        {"optimizer": {"dense": {"adam": {"lr": 0}}}},
        {"optimizer": {"dense": {"adam": {"betas": [0.9, 1]}}}},
        {"overrides": [{"lr": 0.1}]},
        {"overrides": [{"match": "*"}]},
        {"overrides": [{"match": "*", "init": {"normal": 0.1, "constant": 1}}]},
    ],
    ids=str,
)
def test_the_schema_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, TRAIN)


@pytest.mark.parametrize("every", ["0 steps", "steps", "1", 5, "1 hour", "1.5 epochs"])
def test_the_schema_refuses_other_words_for_every(every: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"every": every}, EVAL)


def test_schemas_are_valid_and_every_setting_is_described() -> None:
    def described(schema: dict[str, Any], path: str) -> None:
        for name, own in schema.get("properties", {}).items():
            assert own.get("description"), f"{path}.{name}"
            described(own, f"{path}.{name}")

    for name, schema in (("train", TRAIN), ("eval", EVAL)):
        jsonschema.Draft202012Validator.check_schema(schema)
        described(schema, name)
    assert train_settings(section(seed=7)).seed == 7
