"""Damaged and invented models through every pass: diagnostics or a graph, never a traceback and never a long wait."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blockrec.graph.compile import check
from blockrec.language.files import packaged_models
from blockrec.language.schema.document import model_schema
from blockrec.viz import text as draw

from .test_hostile import soon

MODELS = {name: path.read_text() for name, path in packaged_models().items()}
TREES = {name: yaml.safe_load(text) for name, text in MODELS.items()}
QUICK = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=1700, deadline=None, suppress_health_check=list(HealthCheck))
slowest: dict[str, float] = {}


def survives(model: Any) -> None:
    """Through `check`; what is right can be drawn, and written as a file of its own that is right."""
    start = time.perf_counter()
    with soon():
        document, graph, report = check(model)
        assert isinstance(str(report), str) and (graph is None) == report.failed
        if graph is not None:
            assert document is not None and draw(graph)
            _, again, wrong = check(document.to_yaml())
            assert again is not None, str(wrong)
            assert list(again.nodes) == list(graph.nodes)
    slowest[str(model)[:80]] = time.perf_counter() - start


def paths(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Of every value in a tree."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield (*path, key)
        yield from paths(value, (*path, key))


VALUES = [None, True, 0, 1, -1, 3, 10**6, 2.5, "", "x", "target", "$dim", "$(1 + 1)", "item", [], {}, [1], ["item", 3]]
VALUES += [{"block": "linear", "out": 1}, {"block": "mlp"}, {"a": {"b": []}}, "behaviors", "head.*", "$i", [[]], "*"]
KEYS = [
    "block",
    "in",
    "repeat",
    "each",
    "share",
    "out",
    "hidden",
    "x",
    "1",
    "",
    "loss",
    "dim",
    "vocab",
    "like",
    "fields",
]


def wounded(tree: Any, dice: random.Random, wounds: int) -> Any:
    """A copy in which values are replaced, deleted, moved, renamed or doubled."""
    tree = yaml.safe_load(yaml.safe_dump(tree, sort_keys=False))
    for _ in range(wounds):
        places = list(paths(tree))
        if not places:
            break
        path, other = dice.choice(places), dice.choice(places)
        holder, value = at(tree, path[:-1]), yaml.safe_load(yaml.safe_dump(at(tree, other)))
        match dice.choice(["replace", "delete", "move", "rename", "add"]):
            case "replace":
                holder[path[-1]] = dice.choice(VALUES)
            case "delete":
                del holder[path[-1]]
            case "move":
                holder[path[-1]] = value
            case "rename" if isinstance(holder, dict):
                holder[dice.choice([*KEYS, str(other[-1])])] = holder.pop(path[-1])
            case "add" if isinstance(holder, dict):
                holder[dice.choice(KEYS)] = dice.choice([*VALUES, value])
    return tree


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


WORDS = [
    "$(",
    ")",
    "null",
    "{",
    "}",
    "[yes]",
    ": ",
    "\n",
    "\n  ",
    "\t",
    "$x",
    "&a ",
    "*a",
    "!t ",
    "- ",
    "# ",
    "repeat: 3",
]


def torn(text: str, dice: random.Random, wounds: int) -> str:
    """Pieces cut, doubled, swapped with lines of other places, or replaced."""
    for _ in range(wounds):
        lines = text.split("\n")
        if dice.random() < 0.5 and len(lines) > 2:
            a, b = dice.randrange(len(lines)), dice.randrange(len(lines))
            lines[a], lines[b] = lines[b], dice.choice([lines[a], ""])
            text = "\n".join(lines)
            continue
        a = dice.randrange(len(text) + 1)
        b = min(len(text), a + dice.choice([0, 1, 3, 20, 200]))
        text = text[:a] + dice.choice([*WORDS, text[a:b] * 2, text[a:b][::-1], ""]) + text[b:]
    return text + "\n"


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(VALUES)


def of_schema(schema: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that a schema describes, roughly: the keys that it names, values of the right kind mostly."""
    if depth > 7:
        return leaves
    properties, further = schema.get("properties", {}), schema.get("additionalProperties")
    options: list[st.SearchStrategy[Any]] = [leaves]
    if "enum" in schema:
        options += [st.sampled_from(schema["enum"])] * 4
    if properties:
        known = {key: of_schema(part, depth + 1) for key, part in properties.items() if isinstance(part, dict)}
        options += [st.fixed_dictionaries({}, optional=known)] * 6
    if isinstance(further, dict):
        names = st.sampled_from(["item", "user", "a", "b", "n", "click", "behaviors"])
        options += [st.dictionaries(names, of_schema(further, depth + 1), max_size=3)] * 6
    if isinstance(schema.get("items"), dict):
        options += [st.lists(of_schema(schema["items"], depth + 1), max_size=3)] * 4
    return st.one_of(options)


def documents() -> st.SearchStrategy[Any]:
    properties = model_schema()["properties"]
    parts = {key: of_schema(part, 1) for key, part in properties.items() if key not in ("blockrec", "imports", "sweep")}
    return st.fixed_dictionaries({"blockrec": st.just(1)}, optional=parts)


names = st.sampled_from(sorted(MODELS))
dice = st.randoms(use_true_random=False)
wounds = st.integers(1, 4)


def broken_trees(name: str, dice: random.Random, wounds: int) -> None:
    """What `yaml.safe_dump` writes of a damaged tree."""
    survives(yaml.safe_dump(wounded(TREES[name], dice, wounds), sort_keys=False))


def torn_texts(name: str, dice: random.Random, wounds: int) -> None:
    survives(torn(MODELS[name], dice, wounds))


def invented(document: Any) -> None:
    survives(document)


test_damaged_trees = QUICK(given(names, dice, wounds)(broken_trees))
test_torn_texts = QUICK(given(names, dice, wounds)(torn_texts))
test_documents_of_the_schema = QUICK(given(documents())(invented))


@pytest.mark.nightly
def test_thousands() -> None:
    """5,100 cases; prints the ten slowest."""
    slowest.clear()
    LONG(given(names, dice, wounds)(broken_trees))()
    LONG(given(names, dice, wounds)(torn_texts))()
    LONG(given(documents())(invented))()
    for model, seconds in sorted(slowest.items(), key=lambda item: -item[1])[:10]:
        print(f"{seconds:.2f} s  {model!r}")
