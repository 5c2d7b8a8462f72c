"""From a path, a name, a text or a mapping to a document; cards; files of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.diagnostics import Diagnostics, Source, Span
from blockrec.language.document import Document, load
from blockrec.language.dump import dump
from blockrec.language.files import packaged_cards, packaged_models
from blockrec.language.portable import DATA_FILES
from blockrec.language.schema.data import DATA
from blockrec.language.source import read_map
from blockrec.language.values import UNKNOWN, Map

CARD = """\
doc: A log.
licence: none
features: {user: {vocab: auto}, item: {vocab: auto}, shop: {vocab: auto}}
labels: [click]
data: {events: log.csv, batch_size: 512}
"""

WITH_HISTORY = [card for card in packaged_cards() if card != "criteo"]  # rows of anonymous columns


def unplaced(document: Document) -> Any:
    """What a document says, without the places."""
    nowhere = Span(Source("", ""), 0, 0, 1)
    f = document.features
    parts = [{k: replace(v, span=nowhere) for k, v in d.items()} for d in (f.features, f.sequences, f.labels)]  # type: ignore[type-var, attr-defined]
    return dict(document.root), document.name, document.params, parts


@pytest.fixture
def folder(tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model and a card in a folder that is the current one."""
    (tmp_path / "small.yaml").write_text(model)
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "shop.yaml").write_text(CARD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_same_model_from_everywhere(folder: Path, model: str, loaded: Callable[..., Document]) -> None:
    from_text = loaded(model)
    assert from_text.folder is None and from_text.card is None
    from_file = loaded(folder / "small.yaml")
    assert from_file.folder == folder and loaded("small.yaml").folder == Path()
    from_mapping = loaded(dict(from_text.root))
    assert unplaced(from_text) == unplaced(from_file) == unplaced(from_mapping)
    assert from_file.root.at["name"].source.name == "small.yaml"
    assert from_mapping.root.at["name"].source.name == "<mapping>" and from_mapping.root.at["name"].text == "small"


def test_names(folder: Path, model: str, loaded: Callable[..., Document]) -> None:
    (folder / "other.yaml").write_text(model.replace("name: small\n", ""))
    assert loaded("other.yaml").name == "other" and loaded(model.replace("name: small\n", "")).name == "model"


@pytest.mark.parametrize("name", packaged_models())
def test_the_zoo_loads(name: str, loaded: Callable[..., Document]) -> None:
    document = loaded(name)
    assert document.name == name and document.card in packaged_cards()


@pytest.mark.parametrize("card", packaged_cards())
def test_every_card_loads(card: str, loaded: Callable[..., Document]) -> None:
    names = loaded("blockrec: 1\ngraph: {}\n", data=card).features
    assert "click" in names.labels
    if card in WITH_HISTORY:
        assert {"user", "item", "category"} <= set(names.features)
        assert {"category", "position", "time"} <= set(names.sequences["behaviors"].fields)


def test_a_file_lies_over_its_card(folder: Path, loaded: Callable[..., Document]) -> None:
    own = "features: {item: {dim: 8}, shop: null}\ndata: {batch_size: 64}\n"
    (folder / "m.yaml").write_text(f"blockrec: 1\ngraph: {{}}\ndataset: cards/shop.yaml\n{own}")
    document = loaded("m.yaml")
    assert document.card == "cards/shop.yaml"
    assert set(document.features.features) == {"user", "item"} and document.features.features["item"].dim == 8
    assert document.evaluated("data") == {"events": "log.csv", "batch_size": 64}
    assert document.root["data"].at["events"].source.name == "cards/shop.yaml"
    assert document.is_own("item") and not document.is_own("user") and not document.is_own("nothing")
    assert "dataset" not in document.root and "doc" not in document.root and "licence" not in document.root


def test_another_card_replaces_the_one_of_the_file(folder: Path, loaded: Callable[..., Document]) -> None:
    (folder / "cards" / "b.yaml").write_text("features: {x: {vocab: 3}}\nlabels: [y]\ndata: {events: b.csv}\n")
    text = "blockrec: 1\ngraph: {}\ndataset: cards/shop.yaml\ndata: {batch_size: 64}\n"
    other = loaded(text, data="cards/b.yaml")
    assert list(other.features.features) == ["x"] and list(other.features.labels) == ["y"]
    assert other.evaluated("data") == {"events": "b.csv", "batch_size": 64}
    own = "blockrec: 1\ngraph: {}\nfeatures: {}\ndata: {events: own.csv, batch_size: 64}\n"
    assert loaded(own, data="cards/b.yaml").evaluated("data") == {"events": "b.csv"}


def test_nodes_clash_with_features_of_the_file_not_of_the_card(folder: Path, found: Callable[..., list[str]]) -> None:
    head = "blockrec: 1\ndataset: cards/shop.yaml\n"
    assert found(f"{head}graph: {{user: {{block: a}}, item: {{block: a}}}}\nfeatures: {{item: {{dim: 8}}}}\n") == [
        "E201 3:27"
    ]


def test_a_model_that_extends_another(
    folder: Path, loaded: Callable[..., Document], found: Callable[..., list[str]]
) -> None:
    text = (
        "blockrec: 1\nname: big\nextends: small.yaml\nparams: {dim: 64}\nlosses: {aux: null}\nvariants: {wide: null}\n"
    )
    (folder / "big.yaml").write_text(text)
    big = loaded("big.yaml", variants=["deep"])
    assert (big.name, big.params["dim"], big.root["losses"]) == ("big", 64, {})
    assert big.root["graph"]["head"]["hidden"] == [8, 8, 8] and big.patched
    assert found("big.yaml", variants=["wide"]) == ["E111 1:1 --variant"]
    added = text.replace("{wide: null}", "{bare: {graph: {head: null}}}")
    (folder / "big.yaml").write_text(added)
    assert "head" not in loaded("big.yaml", variants=["bare"]).root["graph"]
    (folder / "big.yaml").write_text(text.replace("dim:", "dmi:"))
    assert found("big.yaml") == ["E110 4:10 big.yaml"]
    (folder / "big.yaml").write_text(text.replace("small.yaml", "big.yaml"))
    assert "E111 3:10 big.yaml" in found("big.yaml")
    (folder / "big.yaml").write_text(text.replace("small.yaml", "smal.yaml"))
    assert "E111 3:10 big.yaml" in found("big.yaml")


MISSING = [
    ("nope.yaml", {}, ["E009"]),
    ("dara", {}, ["E009"]),
    (".", {}, ["E009"]),
    ("x" * 5000, {}, ["E009"]),
    ("a\0b", {}, ["E009"]),
    ("latin.yaml", {}, ["E009 1:9 latin.yaml"]),
    ("large.yaml", {}, ["E008"]),
    ("small.yaml", {"data": "nope"}, ["E111 1:1 --data"]),
    ("blockrec: 1\ngraph: {}\nfeatures: {}\ndataset: nope\n", {}, ["E111 4:10"]),
    ("blockrec: 1\ngraph: {}\nfeatures: {}\ndataset: 3\n", {}, ["E104 4:10"]),
    ("blockrec: 1\ngraph: {}\nfeatures: {}\ndataset: latin.yaml\n", {}, ["E009 1:9 latin.yaml"]),
    ("blockrec: 1\ngraph: {}\nfeatures: {}\ndataset: small.yaml\n", {}, ["E100 3:1 small.yaml"]),
    ("blockrec: 2\ngraph: {}\nfeatures: {}\nfuture: {}\n", {}, ["E010 1:11"]),
    ("blockrec: 1\nfeatures: {}\n", {}, ["E105 1:1"]),
    ("blockrec: 1\nfeatures: []\ngraph: 3\n", {}, ["E101 2:11", "E101 3:8"]),
]


@pytest.mark.parametrize(("model_", "how", "expected"), MISSING, ids=lambda v: str(v)[:20])
def test_what_cannot_be_read(
    model_: str, how: dict[str, Any], expected: list[str], folder: Path, found: Callable[..., list[str]]
) -> None:
    (folder / "latin.yaml").write_bytes("doc: café\n".encode("latin-1"))
    (folder / "large.yaml").write_text("doc: " + "x" * 1_100_000)
    assert found(model_, **how)[: len(expected)] == expected


def test_an_unreadable_file(folder: Path, monkeypatch: pytest.MonkeyPatch, found: Callable[..., list[str]]) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert found("small.yaml") == ["E009"]


def test_names_that_are_packaged_are_suggested() -> None:
    report = Diagnostics()
    assert load("dara", report) is None
    (only,) = report
    assert only.at is None and only.help == "did you mean `dare`?"


def test_a_byte_order_mark_and_windows_lines(folder: Path, model: str, loaded: Callable[..., Document]) -> None:
    (folder / "windows.yaml").write_bytes(b"\xef\xbb\xbf" + model.replace("\n", "\r\n").encode())
    document = loaded("windows.yaml")
    assert unplaced(document) == unplaced(loaded(model)) and str(document.root.keys_at["graph"]) == "windows.yaml:10:1"


@pytest.mark.parametrize("name", [*packaged_models(), "small.yaml"])
@pytest.mark.parametrize("card", [None, *WITH_HISTORY])
def test_a_document_as_a_file_of_its_own(
    name: str, card: str | None, folder: Path, loaded: Callable[..., Document]
) -> None:
    if name == "small.yaml" and card:
        name = "dare"
    document = loaded(name, data=card, sets=["train.epochs=7"])
    (folder / "runs").mkdir()
    (folder / "runs" / "resolved.yaml").write_text(document.to_yaml())
    again = loaded(folder / "runs" / "resolved.yaml")
    assert again.to_yaml() == document.to_yaml()
    assert unplaced(again)[1:-1] == unplaced(document)[1:-1]
    for few, all_ in zip(unplaced(again)[-1], unplaced(document)[-1], strict=True):
        assert few.items() <= all_.items()  # features of the card that the model does not mention are left out
    assert again.evaluated("train") == document.evaluated("train")


def test_paths_survive_a_move(folder: Path, loaded: Callable[..., Document]) -> None:
    def resolved(data: str, imports: str = "[]") -> Any:
        (folder / "m.yaml").write_text(f"blockrec: 1\ngraph: {{}}\nfeatures: {{}}\ndata: {data}\nimports: {imports}\n")
        return read_map(Source("r", loaded("m.yaml").to_yaml()), Diagnostics())

    here = str(folder)
    assert resolved("{events: [a.csv, /b.csv]}")["data"] == {"events": [f"{here}/a.csv", "/b.csv"]}
    assert resolved("{events: a.csv, items: {key: k, table: i.csv}}")["data"] == {
        "events": f"{here}/a.csv",
        "items": {"key": "k", "table": f"{here}/i.csv"},
    }
    assert resolved("{events: a.csv, root: sub}")["data"] == {"events": "a.csv", "root": f"{here}/sub"}
    assert resolved("{events: a.csv, root: package:x}")["data"]["root"] == "package:x"
    assert resolved("{events: a.csv}", "[blocks.py, module.name]")["imports"] == [f"{here}/blocks.py", "module.name"]


def test_the_paths_of_the_data_section_exist_in_its_schema() -> None:
    for path in (("root",), *DATA_FILES):
        schema: Any = DATA
        for key in path:
            schema = schema["properties"][key]


def test_parameters_reach_every_section(loaded: Callable[..., Document]) -> None:
    text = (
        "blockrec: 1\ngraph: {n: {block: a, p: $(w * 2)}}\nparams: {n: 3, w: $(n + 1)}\nfeatures: {a: {vocab: $w}}\n"
        "train: {epochs: $n}\nname: x\ndoc: $5 off\n"
    )
    document = loaded(text, sets=["params.n=7"])
    assert document.params == {"n": 7, "w": 8} and document.features.features["a"].vocab == 8
    assert document.evaluated("train") == {"epochs": 7} and document.evaluated("eval") == {}
    assert document.root["graph"]["n"]["p"] == "$(w * 2)" and document.root["doc"] == "$5 off"


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
words = st.sampled_from(
    ["yes", "1e-3", "010", "0x10", "1_000", "null", "~", "$x", "a: b", "#", "- x", "a\nb", " x ", "é", "{", "!t"]
)
values = st.recursive(
    leaves | words,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5) | words, inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=5) | words, values, max_size=4))
def test_what_is_written_is_read_back(value: dict[str, Any]) -> None:
    report = Diagnostics()
    text = dump(value, report)
    if text is None:
        assert [d.code for d in report] == ["E101"]
        return
    assert read_map(Source("t", text), report) == value and not len(report), text


def test_a_mapping_may_hold_what_python_programs_hold() -> None:
    class Word(str):
        __slots__ = ()

    class Count(int):
        pass

    shared = [1, 2]
    value = {
        "a": Word("yes"),
        "b": Count(3),
        "c": (1, 2),
        "d": PurePosixPath("x/y"),
        "e": shared,
        "f": shared,
        1: UNKNOWN,
    }
    text: Any = dump(value, Diagnostics())  # type: ignore[arg-type]
    assert read_map(Source("t", text), Diagnostics()) == {
        "a": "yes",
        "b": 3,
        "c": [1, 2],
        "d": "x/y",
        "e": [1, 2],
        "f": [1, 2],
        "1": None,
    }


def test_a_mapping_that_no_file_could_hold(found: Callable[..., list[str]]) -> None:
    circle: dict[str, Any] = {}
    circle["circle"] = circle
    assert found(circle) == ["E008"]
    assert found({"x": object()}) == ["E101"]
    assert found({"x": "\ud800"}) == ["E101"]


def test_loading_imports_no_torch(folder: Path) -> None:
    code = (
        "import sys; from blockrec.language.document import load; from blockrec.diagnostics import Diagnostics\n"
        "assert load('small.yaml', Diagnostics())\n"
        "assert not {'torch', 'numpy', 'networkx', 'numba'} & set(sys.modules)"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=folder, env={"PYTHONPATH": str(root)})


def test_sections(mapping: Callable[[str], Map]) -> None:
    root = mapping("a: {b: 1}\nc: 3\nd:\n")
    assert root.section("a") == {"b": 1} and root.section("c") == root.section("d") == root.section("e") == {}
    assert root.section("d").span.text == "d" and root.without("a", "x") == {"c": 3, "d": None}


def test_a_feature_of_a_card_that_an_extended_file_changes_is_the_files_own(
    folder: Path, loaded: Callable[..., Document]
) -> None:
    (folder / "base.yaml").write_text("blockrec: 1\ngraph: {}\ndataset: cards/shop.yaml\n")
    (folder / "big.yaml").write_text("blockrec: 1\nextends: base.yaml\nfeatures: {item: {dim: 8}}\n")
    document = loaded("big.yaml")
    assert document.card == "cards/shop.yaml" and document.features.features["item"].dim == 8
    assert document.is_own("item") and not document.is_own("user")


@pytest.mark.parametrize("name", ["log.csv", "log.parquet"])
def test_data_are_no_model(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"user,item\n\xff\x00")
    report = Diagnostics()
    assert load(tmp_path / name, report) is None
    assert [(d.code, f"blockrec data {name} --infer" in d.help) for d in report] == [("E007", True)]


def test_tasks_without_metrics_have_those_of_eval(loaded: Callable[..., Document], model: str) -> None:
    tasks = "tasks:\n  one: {logits: a, loss: bce}\n  two: {logits: a, loss: bce, metrics: [ece]}\n"
    head, _, _ = model.partition("tasks:")
    document = loaded(f"{head}{tasks}eval: {{metrics: [auc, {{gauc: {{by: user}}}}]}}\n")
    found = {name: task["metrics"] for name, task in document.evaluated("tasks").items()}
    assert found == {"one": ["auc", {"gauc": {"by": "user"}}], "two": ["ece"]}
