"""Files that were made to hurt: each is refused, or accepted, with diagnostics, soon, and without a traceback."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from blockrec.diagnostics import Diagnostics
from blockrec.graph.compile import check

SECONDS = 10
"""Far more than any of them needs, so that a busy machine does not fail; one that hangs does."""
HEAD = "blockrec: 1\nfeatures: {item: {vocab: 100, dim: 4}}\nlabels: [click]\n"
GRAPH = "graph: {e: {block: embed, in: item}, logit: {block: linear, in: e, out: 1}}\n"
TASKS = "tasks: {click: {logits: logit, loss: bce}}\n"
MODEL = HEAD + GRAPH + TASKS


@contextmanager
def soon() -> Iterator[None]:
    """Raise in whatever takes longer than `SECONDS`."""

    def late(*_: Any) -> None:
        raise AssertionError(f"not done after {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def codes(model: Any, **how: Any) -> set[str]:
    """Of the errors, whose text can be printed as well."""
    with soon():
        _, graph, report = check(model, **how)
        assert len(str(report)) < 1_000_000
    assert (graph is None) == report.failed
    return {d.code for d in report.errors}


def bomb() -> str:
    lines = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9) if i else 'x'}]" for i in range(30)]
    return MODEL + "params:\n" + "".join(f"  {line}\n" for line in lines)


def params(lines: Iterator[str] | list[str], **_: Any) -> str:
    return MODEL + "params:\n" + "".join(f"  {line}\n" for line in lines)


def doubling(n: int, width: int) -> str:
    """Composites each of which uses the one before `width` times."""
    parts = ["  c0: {in: {x: any}, graph: {n: {block: l2_norm, in: x}}, out: n}"]
    for i in range(1, n):
        nodes = ", ".join(f"n{j}: {{block: c{i - 1}, in: x}}" for j in range(width))
        parts.append(f"  c{i}: {{in: {{x: any}}, graph: {{{nodes}}}, out: n0}}")
    graph = f"graph: {{e: {{block: embed, in: item}}, m: {{block: c{n - 1}, in: e}}}}\n"
    return HEAD + graph + "outputs: {m: m}\nblocks:\n" + "\n".join(parts) + "\n"


def node(text: str) -> str:
    return HEAD + f"graph: {{e: {{block: embed, in: item}}, n: {text}}}\noutputs: {{n: n}}\n"


def expression(text: str) -> str:
    quoted = text.replace("'", "''")
    return params([f"a: '$({quoted})'"])


YAML: dict[str, tuple[str, set[str]]] = {
    "alias bomb": (bomb(), {"E003"}),
    "merge keys": (MODEL + "params: {a: &a {b: 1}, c: {<<: *a}}\n", {"E003"}),
    "alias of itself": (MODEL + "params: &a {b: *a}\n", {"E003"}),
    "flow nesting": (MODEL + "params: {a: " + "[" * 100_000 + "\n", {"E008"}),
    "flow nesting, closed": (MODEL + "params: {a: " + "[" * 9000 + "]" * 9000 + "}\n", {"E008"}),
    "maps": (MODEL + "params: " + "{a: " * 9000 + "1" + "}" * 9000 + "\n", {"E008"}),
    "block nesting": (MODEL + "params:\n" + "".join(f"{' ' * (i + 1)}a:\n" for i in range(1300)), {"E008"}),
    "dashes": (MODEL + "params:\n  a:\n    " + "- " * 5000 + "x\n", {"E008"}),
    "question marks": (MODEL + "? " * 5000 + "x\n", {"E001", "E008"}),
    "a long scalar": (MODEL + f"doc: {'x' * 900_000}\n", set()),
    "a long key": (MODEL + f"? {'x' * 900_000}\n: 1\n", {"E100"}),
    "a long name of a node": (
        HEAD + f"graph:\n  ? {'x' * 900_000}\n  : {{block: embed, in: item}}\n",
        {"E109", "E101"},
    ),
    "a long block": (node(f"{{block: {'x' * 900_000}, in: e}}"), {"E202"}),
    "a long reference": (node(f"{{block: linear, out: 1, in: {'x.' * 400_000}}}"), {"E207"}),
    "a long number": (params([f"a: {'9' * 900_000}"]), set()),
    "more than a megabyte": (MODEL + f"doc: {'x' * 1_100_000}\n", {"E008"}),
    "many keys": (MODEL + "".join(f"k{i}: 1\n" for i in range(60_000)), {"E100"}),
    "many duplicates": (MODEL + "doc: x\n" * 60_000, {"E002"}),
    "many nodes": (HEAD + "graph:\n" + "".join(f"  n{i}: {{block: nope}}\n" for i in range(30_000)), {"E106"}),
    "many unknown blocks": (HEAD + "graph:\n" + "".join(f"  n{i}: {{block: nope}}\n" for i in range(10_000)), {"E202"}),
    "many documents": (MODEL + "---\n" * 100_000, {"E005"}),
    "python object": (MODEL + "params: {a: !!python/object/apply:os.system [ls]}\n", {"E004"}),
    "python name": (MODEL + "params: {a: !!python/name:os.system ''}\n", {"E004"}),
    "a local tag": (MODEL + "params: {a: !x 1}\n", {"E004"}),
    "a directive": ("%TAG ! tag:yaml.org,2002:python/\n---\n" + MODEL + "doc: !x 1\n", {"E004"}),
    "NUL": (MODEL + "doc: a\0b\n", {"E001"}),
    "NUL escaped": (MODEL + 'doc: "a\\0b"\n', set()),
    "a lone surrogate": (MODEL + "doc: a\ud800b\n", {"E001"}),
    "a lone surrogate escaped": (MODEL + 'doc: "a\\ud800b"\n', {"E001"}),
    "a name with NUL": (HEAD + 'graph: {"a\\0": {block: embed, in: item}}\n', {"E109"}),
    "an escape sequence": (MODEL + 'extends: "\\e[2J\\0"\n', {"E111"}),
    "parents": (MODEL.replace("vocab: 100", "vocab: ../../../../../../etc/no"), {"E501"}),
    "a vocabulary that never ends": (MODEL.replace("vocab: 100", "vocab: /dev/zero"), {"E501"}),
    "a vocabulary that is a folder": (MODEL.replace("vocab: 100", "vocab: /dev/"), {"E501"}),
    "extends what never ends": (MODEL + "extends: /dev/zero\n", {"E111"}),
    "imports what never ends": (MODEL + "imports: [/dev/zero/x.yaml, '/dev/\\0.yaml']\n", {"E210"}),
    "a library with NUL": (MODEL + 'imports: ["\\0.yaml", "\\0.py", "\\0", ".", "..", "", "a b", "-"]\n', {"E210"}),
    "a huge table": (MODEL.replace("vocab: 100", f"vocab: {10**30}"), {"E106"}),
    "a huge width": (MODEL.replace("dim: 4", f"dim: {10**30}"), {"E104"}),
}

BURN: dict[str, set[str]] = {
    "9**9**9": {"E402"},
    "9**9**9**9": {"E402"},
    "2**0.5**-9999": {"E402"},
    "'a' * 10**9": {"E402"},
    "[1] * 10**9": {"E402"},
    "[[1] * 9999] * 9999": {"E402"},
    "'%1000000000d' % 1": {"E402"},
    "1 << 10**9": {"E402"},
    "round(1, 10**9)": {"E402"},
    "sum([10**18] * 9999)": {"E402"},
    "(" * 400 + "1" + ")" * 400: {"E402", "E403"},
    "-" * 900 + "1": {"E402"},
    "not " * 200 + "1": {"E402"},
    "1" + " + 1" * 200: {"E402"},
    "1 if 1 else " * 60 + "1": set(),
    "min(" * 90 + "1, 2" + ")" * 90: {"E402"},
    "[" * 90 + "]" * 90: {"E402"},
    "1 < " * 200 + "1": set(),
    "__import__('os').system('ls')": {"E402"},
    "().__class__.__bases__": {"E402"},
    "[].__class__": {"E402"},
    "open('/etc/passwd')": {"E402"},
    "(lambda: 1)()": {"E402"},
    "[x for x in [1]]": {"E402"},
    "f'{1}'": {"E402"},
    "(x := 1)": {"E402"},
    "{1: 2}": {"E402"},
    "min(*[1, 2])": {"E402"},
    "int('9' * 9999)": {"E402"},
    "int('1' * 5000)": {"E402"},
    "1e308 * 10": set(),
    "int(1e308 * 10)": {"E402"},
    "(-8) ** 0.5": {"E402"},
    "b'a'": {"E402"},
    "...": {"E402"},
    "1j": {"E402"},
    "\\ud800": {"E403"},
    "a": {"E404"},
    "1\0": {"E001"},
}


@pytest.mark.parametrize("name", YAML)
def test_texts(name: str) -> None:
    text, expected = YAML[name]
    found = codes(text)
    assert bool(found & expected) if expected else not found, found


@pytest.mark.parametrize("text", BURN, ids=lambda t: str(t)[:30])
def test_expressions(text: str) -> None:
    found, expected = codes(expression(text)), BURN[text]
    assert bool(found & expected) if expected else not found, found


def test_thousands_of_parameters() -> None:
    chain = [f"p{i}: $(p{i + 1} + 1)" for i in range(5000)]
    assert codes(params([*chain, "p5000: 1"])) == set()
    assert codes(params([*reversed(chain), "p5000: 1"])) == set()
    assert codes(params([*chain, "p5000: $p0"])) == {"E404"}
    assert codes(params([f"p{i}: '$([{', '.join(f'p{j}' for j in range(i))}])'" for i in range(60)])) == {"E402"}
    assert codes(params([*(f"p{i + 1}: '$([p{i}, p{i}])'" for i in range(5000)), "p0: 1"])) == {"E402"}


def test_chains_of_like() -> None:
    features = ", ".join(f"f{i}: {{like: f{i + 1}}}" for i in range(5000))
    for last, expected in (("{vocab: 3}", set()), ("{like: f0}", {"E208"})):
        text = f"blockrec: 1\nfeatures: {{item: {{vocab: 3, dim: 2}}, {features}, f5000: {last}}}\n{GRAPH}"
        assert codes(text + "outputs: {logit: logit}\n") == expected


def test_long_graphs() -> None:
    chain = "".join(f"  n{i}: {{block: l2_norm, in: n{i - 1}}}\n" for i in range(1, 3000))
    graph = HEAD + "graph:\n  n0: {block: embed, in: item}\n" + chain + "outputs: {n: n2999}\n"
    assert codes(graph) == set()
    assert codes(graph.replace("n0: {block: embed, in: item}", "n0: {block: l2_norm, in: n2999}")) == {"E301"}


def test_composites_that_multiply() -> None:
    assert codes(doubling(40, 2)) & {"E106", "E008"}
    assert codes(doubling(12, 10)) & {"E106", "E008"}
    assert codes(doubling(1000, 1)) == {"E008"}
    assert codes(doubling(4, 3)) == set()


COPIES = [
    ("{block: l2_norm, in: e, repeat: 1000000000}", {"E106"}),
    ("{block: l2_norm, in: e, repeat: {times: 1000000000000, share: true}}", {"E106"}),
    ("{block: l2_norm, in: e, repeat: $(10**12)}", {"E106"}),
    ("{block: l2_norm, in: e, repeat: 0}", {"E106"}),
    ("{block: l2_norm, in: e, repeat: -5}", {"E106"}),
    ("{block: l2_norm, in: e, repeat: 1.5}", {"E104"}),
    ("{block: l2_norm, in: e, each: {k: 1000000000}}", {"E106"}),
    ("{block: l2_norm, in: e, each: {k: $(10**15)}}", {"E106"}),
    ("{block: l2_norm, in: e, each: {k: '$([1] * 9999)'}}", {"E201"}),
    (f"{{block: l2_norm, in: e, each: {{k: [{', '.join(map(str, range(110_000)))}]}}}}", {"E106"}),
    ("{block: l2_norm, in: e, each: {k: []}}", {"E106"}),
    ("{block: l2_norm, in: e, each: {k: 400}, repeat: 400}", {"E106"}),
    ("{share: n, in: e}", {"E313"}),
]


@pytest.mark.parametrize(("text", "expected"), COPIES, ids=lambda v: str(v)[:50])
def test_copies(text: str, expected: set[str]) -> None:
    assert codes(node(text)) & expected


@pytest.mark.parametrize("parameter", ["out: 1000000000000", f"out: {10**30}", "out: .inf", "out: .nan", "out: -1"])
def test_sizes(parameter: str) -> None:
    codes(node(f"{{block: linear, in: e, {parameter}}}"))
    codes(node(f"{{block: mlp, in: e, hidden: [{parameter.removeprefix('out: ')}]}}"))
    codes(MODEL + f"train: {{epochs: {parameter.removeprefix('out: ')}}}\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_chains_and_circles_of_files(folder: Path) -> None:
    for i in range(1000):
        (folder / f"e{i}.yaml").write_text(f"blockrec: 1\nextends: e{i + 1}.yaml\n")
        (folder / f"l{i}.yaml").write_text(f"imports: [l{i + 1}.yaml]\n")
    (folder / "e1000.yaml").write_text(MODEL)
    assert "E111" in codes("e0.yaml") and codes("e990.yaml") == set()
    (folder / "e1000.yaml").write_text("extends: e999.yaml\n")
    assert "E111" in codes("e999.yaml")
    assert codes(MODEL + "imports: [l0.yaml]\n") == {"E210"}
    (folder / "l3.yaml").write_text("imports: [l2.yaml, ./l3.yaml]\n")
    assert codes(MODEL + "imports: [l0.yaml]\n") == {"E210"}
    fan = ", ".join(f"e{i}.yaml" for i in range(1000))
    (folder / "l0.yaml").write_text(f"imports: [{fan}]\n")
    assert {"E100", "E210"} & codes(MODEL + f"imports: [l0.yaml, {fan}]\n")


SPECIAL: dict[str, Callable[[Path], Any]] = {
    "fifo": os.mkfifo,
    "folder": lambda path: path.mkdir(),
    "zero": lambda path: path.symlink_to("/dev/zero"),
    "loop": lambda path: path.symlink_to(path),
    "dangling": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("use", ["extends", "dataset", "imports", "vocab", "itself", "card"])
def test_what_is_no_file(kind: str, use: str, folder: Path) -> None:
    path = folder / "x.yaml"
    SPECIAL[kind](path)
    lines = {"extends": "extends: x.yaml\n", "dataset": "dataset: x.yaml\n", "imports": "imports: [x.yaml]\n"}
    if use == "itself":
        assert codes("x.yaml") == {"E009"}
    elif use == "card":
        assert codes(MODEL, data="x.yaml") == {"E111"}
    elif use == "vocab":
        assert codes(MODEL.replace("vocab: 100", "vocab: x.yaml")) == {"E501"}
    else:
        assert codes(MODEL + lines[use]) == {"E210" if use == "imports" else "E111"}


def test_a_mapping_that_contains_itself() -> None:
    loop: dict[str, Any] = {"blockrec": 1}
    loop["params"] = loop
    assert codes(loop) == {"E008"}
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert codes({"blockrec": 1, "params": {"a": deep}}) == {"E008"}


def test_names_in_messages_are_short() -> None:
    """A file cannot flood the terminal by what is quoted from it."""
    for text in ("a long key", "a long block", "a long reference", "a long name of a node"):
        report = Diagnostics()
        check(YAML[text][0], report=report)
        assert report.failed and max(map(len, str(report).splitlines())) < 2000
