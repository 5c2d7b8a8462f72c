"""`$env`: where it may stand, what it gives, and that it stays as it is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blockrec.language.document import Document

HEAD = "blockrec: 1\ngraph: {}\nfeatures: {}\n"


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKREC_TEST_EPOCHS", "7")
    monkeypatch.setenv("BLOCKREC_TEST_LOG", "/data/log.csv")
    monkeypatch.setenv("BLOCKREC_TEST_DOLLAR", "$x")
    monkeypatch.delenv("BLOCKREC_TEST_NONE", raising=False)


VALUES = [
    ('$env("BLOCKREC_TEST_EPOCHS")', 7),
    ("$env('BLOCKREC_TEST_EPOCHS')", 7),
    ("""'$env("BLOCKREC_TEST_EPOCHS", 3)'""", 7),
    ("""'$env("BLOCKREC_TEST_NONE", 3)'""", 3),
    ("""$env("BLOCKREC_TEST_NONE", 3)""", 3),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_value_of_the_machine(text: str, value: int, loaded: Callable[..., Document]) -> None:
    document = loaded(f"{HEAD}train:\n  epochs: {text}\n")
    assert document.evaluated("train") == {"epochs": value}


def test_it_stays_as_written(loaded: Callable[..., Document]) -> None:
    text = '$env("BLOCKREC_TEST_LOG")'
    document = loaded(f"{HEAD}data: {{events: {text}}}\n")
    assert document.evaluated("data") == {"events": "/data/log.csv"}
    again = loaded(document.to_yaml())
    assert again.root["data"] == {"events": text} and again.to_yaml() == document.to_yaml()


def test_what_it_gives_is_not_evaluated_again(loaded: Callable[..., Document]) -> None:
    document = loaded(f'{HEAD}data: {{events: $env("BLOCKREC_TEST_DOLLAR")}}\n')
    assert document.evaluated("data") == {"events": "$x"}


WRONG = [
    ('train: {epochs: $env("BLOCKREC_TEST_NONE")}', "E401 4:17"),
    ('params: {a: $env("BLOCKREC_TEST_EPOCHS")}', "E402 4:13"),
    ('labels: [$env("BLOCKREC_TEST_EPOCHS")]', "E402 4:10"),
    ("eval: {batch_size: $env('BLOCKREC_TEST_EPOCHS')}", "E402 4:20"),
    ("train: {epochs: $env(BLOCKREC_TEST_EPOCHS)}", "E403 4:17"),
    ("train: {epochs: $env()}", "E403 4:17"),
    ('train: {epochs: \'$env("A", "B", "C")\'}', "E403 4:18"),
    ("train: {epochs: $env(3)}", "E403 4:17"),
    ("train: {epochs: $env('A') + 1}", "E403 4:17"),
    ("train: {epochs: $env('A'}", "E403 4:17"),
    ("train: {epochs: $(env('A'))}", "E402 4:19"),
    ("train: {epochs: $env('BLOCKREC_TEST_LOG')}", "E104 4:17"),
]


@pytest.mark.parametrize(("line", "expected"), WRONG)
def test_mistakes(line: str, expected: str, found: Callable[..., list[str]]) -> None:
    assert found(f"{HEAD}{line}\n") == [expected]


def test_nodes_do_not_depend_on_the_machine() -> None:
    from blockrec.graph.compile import check

    graph = "{e: {block: embed, in: item, dim: $env('BLOCKREC_TEST_EPOCHS')}}"
    _, _, report = check(f"blockrec: 1\nfeatures: {{item: {{vocab: 3}}}}\ngraph: {graph}\noutputs: {{e: e}}\n")
    assert [d.code for d in report.errors] == ["E402"]
