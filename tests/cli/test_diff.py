"""`diff` says what differs, by text, JSON and exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def test_the_same_model_exits_with_0(blockrec: Any) -> None:
    ended = blockrec("diff", "dare", "dare")
    assert (ended.code, ended.out) == (0, "dare and dare are the same model\n")
    assert json.loads(blockrec("diff", "dare", "dare", "--json").out)["changes"] == []


def test_different_models_exit_with_1(blockrec: Any) -> None:
    ended = blockrec("diff", "dare", "dare:twin")
    assert ended.code == 1
    assert "~ query           parameter table: attention → main" in ended.out
    assert "- attention.item" in ended.out and "+ main.item" in ended.out
    assert "\x1b[" not in ended.out
    assert "\x1b[32m+ main.item" in blockrec("diff", "dare", "dare:twin", "--color", "always").out


def test_json_has_old_and_new_values(blockrec: Any) -> None:
    ended = blockrec("diff", "dare", "dare", "--set-b", "graph.head.hidden=[64]", "--json")
    found = json.loads(ended.out)
    assert ended.code == 1 and not found["same"]
    (mlp,) = [c for c in found["changes"] if c["name"] == "head.mlp"]
    assert {"name": "parameter hidden", "old": [200, 80], "new": [64]} in mlp["aspects"]


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (["dare:twin,no_aux"], ["dare:no_aux,twin"], True),
        (["dare", "--set-a", "train.epochs=2"], ["dare", "--set-b", "train.epochs=2"], True),
        (["dare", "--set-a", "train.epochs=2"], ["dare"], False),
        (["dare"], ["dare", "--set", "train.epochs=2"], True),
        (["dare", "--data", "movielens_100k"], ["dare"], True),
    ],
)
def test_variants_sets_and_data_of_one_or_both(blockrec: Any, one: list[str], two: list[str], same: bool) -> None:
    assert blockrec("diff", *one[:1], *two[:1], *one[1:], *two[1:]).code == (0 if same else 1)


def test_a_file_whose_name_has_a_colon_is_a_file(
    blockrec: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dare:twin").write_text(blockrec("explain", "dare", "--resolved").out)
    assert blockrec("diff", "dare", "dare:twin").code == 0


def test_a_wrong_model_exits_with_2(blockrec: Any) -> None:
    ended = blockrec("diff", "dare", "dare:twn")
    assert (ended.code, ended.out) == (2, "") and "did you mean `twin`?" in ended.err
