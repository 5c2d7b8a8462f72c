"""Whatever a file holds, reading it ends with a document or with diagnostics that can be printed."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from blockrec.diagnostics import Diagnostics
from blockrec.language.document import load
from blockrec.language.files import packaged_models

from .conftest import MODEL


def survives(text: str, **how: Any) -> Diagnostics:
    """Load and print; a file that cannot be read says why."""
    report = Diagnostics()
    document = load(f"{text}\n", report, **how)
    assert str(report) or not len(report)
    assert document is not None or report.failed
    return report


fragments = st.sampled_from(
    [
        *(
            "{",
            "}",
            "[",
            "]",
            ": ",
            ":",
            ", ",
            ",",
            "\n",
            "\n  ",
            "\n- ",
            "- ",
            "? ",
            "$(",
            ")",
            "$x",
            "&a ",
            "*a",
            "!t ",
        ),
        *(
            "'",
            '"',
            "|\n",
            ">\n",
            "# c",
            "\t",
            "<<: ",
            "---\n",
            "%Y\n",
            "null",
            "yes",
            "010",
            "1e-3",
            "\x85",
            "\ufeff",
            "é",
        ),
        *("blockrec: 1\n", "features: ", "graph: ", "params: ", "block: mlp", "vocab: 3", "tasks: ", "variants: "),
    ]
)


@settings(deadline=None)
@given(st.lists(fragments | st.text(max_size=3), max_size=40).map("".join))
def test_any_text(text: str) -> None:
    survives(text)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_bytes(raw)
    report = Diagnostics()
    assert load(path, report) is not None or report.failed
    assert isinstance(str(report), str)


TEXTS = [MODEL, *(path.read_text() for path in packaged_models().values())]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False), st.integers(1, 4))
def test_damaged_models(text: str, dice: random.Random, wounds: int) -> None:
    """Cut, doubled, swapped and replaced pieces."""
    for _ in range(wounds):
        a, b = sorted(dice.sample(range(len(text)), 2)) if len(text) > 1 else (0, 0)
        b = min(b, a + dice.choice([1, 3, 20, 200]))
        piece = text[a:b]
        other = dice.choice(
            ["", piece * 2, "$(", "null", "{", "3", "[yes]", ": ", "\n", "\t", "$x", "&a ", piece[::-1]]
        )
        text = text[:a] + other + text[b:]
    survives(text)


paths = st.lists(st.sampled_from(["graph", "head", "params", "dim", "features", "0", "x", "", "in"]), max_size=4).map(
    ".".join
)


@settings(deadline=None)
@given(paths, st.lists(fragments, max_size=5).map("".join))
@example("graph.head", "{block: null}")
@example("features.item", "[]")
@example("graph", "3")
@example("params", "null")
def test_any_override(path: str, value: str) -> None:
    survives(MODEL, sets=[f"{path}={value}"])


scalars = (
    st.none() | st.booleans() | st.integers(-3, 99) | st.floats(-1, 99) | st.sampled_from(["x", "$x", "item", "auto"])
)
keys = st.sampled_from(
    [
        *(
            "vocab",
            "like",
            "dense",
            "raw",
            "fields",
            "constant",
            "position",
            "max_len",
            "dim",
            "item",
            "head",
            "block",
            "in",
        ),
        *("logits", "loss", "metrics", "weight", "params", "graph", "out", "train", "epochs", "x"),
    ]
)
trees = st.recursive(scalars, lambda t: st.lists(t, max_size=3) | st.dictionaries(keys, t, max_size=4), max_leaves=15)
sections = st.sampled_from(
    [
        "params",
        "features",
        "labels",
        "graph",
        "blocks",
        "tasks",
        "losses",
        "outputs",
        "train",
        "eval",
        "data",
        "variants",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(sections, trees, max_size=6))
def test_any_values_in_any_section(document: dict[str, Any]) -> None:
    report = Diagnostics()
    load({"blockrec": 1, "features": {}, "graph": {}, **document}, report, variants=["x"])
    assert isinstance(str(report), str)


HOSTILE = {
    "deep flow": "a: " + "[" * 400_000,
    "deep block": "\n".join(" " * i + "a:" for i in range(1200)),
    "anchors": "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(2000)),
    "one long line": "a: " + "x y " * 200_000,
    "long expression": f"blockrec: 1\nfeatures: {{}}\ngraph: {{}}\nparams: {{x: $({'1+' * 200_000}1)}}",
    "open parentheses": "a: {b: $" + "(" * 400_000 + "}",
    "many doubts": "a: [" + "yes, " * 40_000 + "]",
    "many duplicates": "a: 1\n" * 40_000,
    "many unknown keys": "blockrec: 1\nfeatures: {}\ngraph: {}\n" + "".join(f"k{i}: 1\n" for i in range(20_000)),
    "many open quotes": "a: '" + "''" * 200_000,
    "many comments": "#\n" * 300_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused(text: str) -> None:
    """Anything worse than linear work in one of them would show as a test that does not end."""
    assert survives(text).failed
