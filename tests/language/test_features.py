"""`features:` and `labels:` as values, and the mistakes that only they can show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.diagnostics import Diagnostics
from blockrec.language.document import Document, load
from blockrec.language.features import AUTO, Buckets, Calendar, Column, Constant, Hashed, Listed, Position
from blockrec.language.schema.features import VALUE

TEXT = """\
blockrec: 1
graph: {}
features:
  item: {vocab: 100, dim: 8, column: item_id}
  shop: {vocab: auto, default: 0}
  ad: {like: item}
  price: {dense: 1}
  vector: {dense: 8, column: v}
  time: {raw: int64}
  now: {constant: 0, like: seen.position}
  bias: {constant: 2, vocab: 3}
  seen:
    max_len: 50
    keep: first
    fields:
      item: {like: ad, dim: 4}
      shop: {like: shop, column: shops}
      kind: {vocab: 7}
      time: {raw: int64}
      position: {position: from_end}
      place: {position: from_start, vocab: 2000}
  cart: {fields: {kind: {like: seen.kind}}}
labels: {click: {}, like: {column: rating, at_least: 4}, flag: {column: bits, bit: 3}, rate: {type: float}}
"""


@pytest.fixture
def document(loaded: Callable[..., Document]) -> Document:
    return loaded(TEXT)


def test_tables_and_numbers(document: Document) -> None:
    f = document.features.features
    assert (f["item"].kind, f["item"].vocab, f["item"].dim, f["item"].root) == ("id", 100, 8, "item")
    assert (f["shop"].vocab, f["shop"].dim, f["shop"].source) == (AUTO, None, Column("shop", 0))
    assert (f["ad"].root, f["ad"].vocab, f["ad"].dim, f["ad"].source) == ("item", 100, 8, Column("item_id"))
    assert (f["price"].kind, f["price"].width, f["price"].vocab, f["price"].dtype) == ("dense", 1, None, "float32")
    assert (f["vector"].width, f["vector"].source) == (8, Column("v"))
    assert (f["time"].kind, f["time"].dtype, f["time"].vocab) == ("raw", "int64", None)


def test_fields_and_sources(document: Document) -> None:
    f, seen = document.features.features, document.features.sequences["seen"]
    assert (seen.max_len, seen.keep) == (50, "first")
    assert seen.fields == ("item", "shop", "kind", "time", "position", "place")
    item = f["seen.item"]
    assert (item.sequence, item.root, item.vocab, item.dim, item.source) == ("seen", "item", 100, 4, Column("item_id"))
    assert f["seen.shop"].source == Column("shops") and f["seen.kind"].source == Column("kind")
    assert (f["seen.position"].source, f["seen.position"].vocab) == (Position("from_end"), 51)
    assert (f["seen.place"].source, f["seen.place"].vocab) == (Position("from_start"), 2000)
    assert (f["now"].source, f["now"].root, f["now"].vocab) == (Constant(0), "seen.position", 51)
    assert (f["bias"].source, f["bias"].vocab) == (Constant(2), 3)
    assert (f["cart.kind"].root, f["cart.kind"].vocab, f["cart.kind"].source) == ("seen.kind", 7, Column("kind"))
    assert document.features.sequences["cart"].max_len is None
    assert str(f["seen.item"].span) == "<text>:16:7" and f["seen.item"].span.text == "item"


def test_labels(document: Document, loaded: Callable[..., Document]) -> None:
    labels = document.features.labels
    assert (labels["click"].column, labels["click"].type) == ("click", "binary")
    assert (labels["like"].column, labels["like"].at_least) == ("rating", 4.0)
    assert (labels["flag"].column, labels["flag"].bit, labels["rate"].type) == ("bits", 3, "float")
    listed = loaded(TEXT[: TEXT.index("labels")] + "labels: [click, buy]\n").features.labels
    assert {n: (label.column, label.span.text) for n, label in listed.items()} == {
        "click": ("click", "click"),
        "buy": ("buy", "buy"),
    }


WRONG = [
    ("item: {vocab: 3, dense: 2}", ["E108 4:20"]),
    ("item: {vocab: 3, like: x}", ["E108 4:20", "E208 4:26"]),
    ("item: {}", ["E108 4:3"]),
    ("item: {column: x}", ["E108 4:3"]),
    ("item: {like: itm}", ["E208 4:16"]),
    ("item: {like: item}", ["E208 4:16"]),
    ("item: {like: b}\n  b: {like: item}", ["E208 4:16"]),
    ("item: {like: b}\n  b: {like: c}\n  c: {like: b}", ["E208 5:13"]),
    ("item: {like: s}\n  s: {fields: {a: {vocab: 3}}}", ["E208 4:16"]),
    ("item: {like: b}\n  b: {dense: 3}", ["E108 4:16"]),
    ("item: {dense: 3, dim: 3}", ["E108 4:20"]),
    ("item: {constant: 3}", ["E108 4:3"]),
    ("item: {constant: 3, vocab: auto}", ["E108 4:30"]),
    ("item: {constant: 3, vocab: 3}", ["E106 4:20"]),
    ("item: {constant: 3, vocab: 4, column: x}", ["E108 4:33"]),
    ("item: {constant: 3, like: b}\n  b: {vocab: 3}", ["E106 4:20"]),
    ("item: {position: from_end}", ["E108 4:10"]),
    ("item: {vocab: 3, max_len: 3}", ["E108 4:20"]),
    ("item: {vocab: 3, keep: last}", ["E108 4:20"]),
    ("item: {fields: {a: {vocab: 3}}, vocab: 3}", ["E108 4:35"]),
    ("item: {fields: {}}", ["E106 4:18"]),
    ("item: {fields: {a: {fields: {}}}}", ["E100 4:23"]),
    ("item: {fields: {a: {vocab: 3, max_len: 3}}}", ["E100 4:33", "E108 4:33"]),
    ("item: {fields: {p: {position: from_end}}}", ["E108 4:19"]),
    ("item: {max_len: 9, fields: {p: {position: from_end, vocab: 9}}}", ["E106 4:45"]),
    ("item: {max_len: 9, fields: {p: {position: from_end, vocab: 10}}}", []),
    ("item: {fields: {p: {position: from_end, constant: 1}}}", ["E108 4:43"]),
    ("item: {fields: {p: {position: from_end, like: b}}}\n  b: {vocab: 3}", []),
    ("item: {vocab: $(n}", ["E403 4:17"]),
    ("click: {vocab: 3}", ["E201 6:10"]),
]


@pytest.mark.parametrize(("features", "expected"), WRONG)
def test_wrong_features(features: str, expected: list[str], found: Callable[..., list[str]]) -> None:
    lines = f"blockrec: 1\ngraph: {{}}\nfeatures:\n  {features}\n"
    rest = "labels: [click]\n" if features.startswith("click") else ""
    pad = "#\n" * (5 - lines.count("\n")) if rest else ""
    assert found(lines + pad + rest) == expected


MISUSED = [
    ("item: {hash: 5, vocab: 3}", "E108 4:19 cannot be both `hash` and `vocab` | hash"),
    ("item: {buckets: 5, like: b}\n  b: {vocab: 3}", "E108 4:22 cannot be both `buckets` and `like` | buckets"),
    ("item: {buckets: 5, dense: 1}", "E108 4:22 cannot be both `buckets` and `dense` | buckets"),
    ("item: {calendar: hour, vocab: 3}", "E108 4:26 cannot be both `calendar` and `vocab` | calendar"),
    ("item: {calendar: hour, pool: sum}", "E108 4:26 cannot be both `calendar` and `pool` | calendar"),
    ("item: {calendar: hour, dense: 2}", "E108 4:26 gives one number, not 2 | calendar"),
    ("item: {calendar: day, constant: 2}", "E108 4:25 cannot be both `calendar` and `constant` | calendar"),
    ("item: {constant: 2, hash: 3}", "E108 4:23 cannot be both `constant` and `hash` | constant"),
    ("item: {buckets: [3, 3]}", "E108 4:23 edges of buckets must rise | 3"),
    ("item: {buckets: [1, 5, 2]}", "E108 4:26 edges of buckets must rise | 5"),
    ("item: {buckets: [1, .inf]}", "E108 4:23 must be finite"),
    ("item: {buckets: 1}", "E106 4:19 must be at least 2"),
    ("item: {buckets: []}", "E106 4:19 at least 1 item"),
    ("item: {buckets: [a]}", "E104 4:20 must be a number"),
    ("item: {hash: 0}", "E106 4:16 must be at least 1"),
    ("item: {vocab: 3, norm: zscore}", "E108 4:20 `norm` belongs to numbers (`dense`) | vocab"),
    ("item: {raw: int64, norm: zscore}", "E108 4:22 `norm` belongs to numbers (`dense`) | raw"),
    ("item: {dense: 1, norm: zcore}", "E107 4:26 cannot be the text `zcore` ~ did you mean `zscore`?"),
    ("item: {vocab: 3, tz: UTC}", "E108 4:20 `tz` belongs to a `calendar` feature | vocab"),
    ("item: {vocab: 3, unit: s}", "E108 4:20 `unit` belongs to a `calendar` feature | vocab"),
    ("item: {calendar: hour, tz: Europe/Berln}", "E108 4:30 unknown time zone ~ did you mean `Europe/Berlin`?"),
    ("item: {calendar: hour, tz: ../../etc}", "E108 4:30 unknown time zone"),
    (
        "item: {calendar: hours}",
        "E107 4:20 cannot be the text `hours` ~ `hour`, `weekday`, `day`, or `minutes_since(FEATURE)`",
    ),
    ("item: {calendar: minutes_since(t), tz: UTC, dense: 1}\n  t: {raw: int64}", "E108 4:38 depend on `tz` | calendar"),
    ("item: {calendar: minutes_since(t)}\n  t: {raw: int64}", "E108 4:10 say what becomes of it ~ buckets: 20"),
    ("item: {calendar: minutes_since(tme), dense: 1}\n  time: {raw: int64}", "E208 4:20 `tme` ~ did you mean `time`?"),
    ("item: {calendar: minutes_since(t), dense: 1}\n  t: {vocab: 9}", "E108 4:20 `t` is no time"),
    ("s: {fields: {a: {calendar: minutes_since(b), dense: 1}}}\n  b: {raw: int64}", "E208 4:30 `s.b` is unknown"),
    ("item: {vocab: 3, cold: 2}", "E108 4:20 takes ids that are rows | vocab"),
    ("item: {hash: 3, cold: 2}", "E108 4:19 `cold` belongs to a vocabulary | hash"),
    ("item: {like: b, cold: 2}\n  b: {vocab: auto}", "E108 4:19 `cold` belongs to a vocabulary | like"),
    ("item: {like: b, init: {normal: 1}}\n  b: {vocab: 3}", "E108 4:19 has the table of `b` | like"),
    ("item: {dense: 1, init: {normal: 1}}", "E108 4:20 has no table, so no `init` | dense"),
    ("item: {vocab: 3, init: {normal: -1}}", "E106 4:35 must be at least 0"),
    ("item: {vocab: 3, init: {norml: 1}}", "E100 4:27 ~ did you mean `normal`?"),
    ("item: {vocab: 3, init: {normal: 1, uniform: 1}}", "E106 4:26 must have at most 1 key"),
    ("item: {dense: 1, pool: sum}", "E108 4:20 `pool` belongs to ids with a table | dense"),
    ("s: {fields: {a: {vocab: 3}}, pool: sum}", "E108 4:32 which has no `pool` | fields"),
    ("item: {dense: 1, default: none}", "E108 4:29 must be a number"),
    ("item: {buckets: 3, default: none}", "E108 4:31 must be a number"),
    ("item: {vocab: 3, default: 3}", "E106 4:29 the table of `item` has 3 rows"),
    ("item: {vocab: words.txt}", "E501 4:17 `words.txt` cannot be read: No such file"),
    ("item: {vocab: ~nobody_here/words.txt}", "E501 4:17 cannot be read: No such file"),
    ("item: {vocab: .}", "E501 4:17 is not a file"),
    ('item: {vocab: "a\\0.txt"}', "E501 4:17 cannot be read: embedded null byte"),
    ("item: {calendar: hour, like: b}\n  b: {vocab: 7}", "E106 4:20 the hour goes up to 23 | b"),
    (
        "item: {calendar: hour, like: b}\n  b: {calendar: weekday}",
        "E108 4:20 is the hour, and `b` the weekday | weekday",
    ),
    (
        "item: {like: b}\n  b: {calendar: minutes_since(t), buckets: 3}\n  t: {raw: int64}",
        "E108 4:16 counted from another time | b",
    ),
]


@pytest.mark.parametrize(("features", "expected"), MISUSED)
def test_misuse_has_a_place_a_cause_and_where_it_conflicts(features: str, expected: str) -> None:
    """`CODE line:column cause | the other place's text ~ help`, of the only mistake."""
    report = Diagnostics()
    load(f"blockrec: 1\ngraph: {{}}\nfeatures:\n  {features}\n", report)
    (only,) = report
    rest, _, help = expected.partition(" ~ ")
    cause, _, other = rest.partition(" | ")
    code, place, words = [*cause.split(" ", 2), ""][:3]
    assert only.at is not None
    assert (only.code, f"{only.at.line + 1}:{only.at.column + 1}") == (code, place)
    assert words in only.message and help in only.help
    assert [at.text for at, _ in only.notes] == ([other] if other else [])


def test_kinds(loaded: Callable[..., Document], tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("red\ngreen\nblue", "utf-8")
    text = """\
blockrec: 1
graph: {}
params: {size: 70}
features:
  city: {hash: $size}
  town: {like: city, default: x}
  price: {buckets: 4}
  stars: {buckets: [1, 2.5], init: {uniform: 0.5}}
  more: {like: stars}
  colour: {vocab: words.txt, cold: 2}
  shop: {vocab: auto, cold: 5}
  tags: {like: shop, pool: mean, max_len: 3, keep: first}
  size: {dense: 2, norm: minmax, default: 0}
  opened: {raw: int64, column: opened_at}
  hour: {calendar: hour, tz: Asia/Tokyo, unit: s}
  since: {calendar: minutes_since(opened), dense: 1}
  seen:
    fields:
      time: {raw: int64}
      age: {calendar: minutes_since(time), buckets: 9, column: shown_at}
      hour: {like: hour}
"""
    path = tmp_path / "model.yaml"
    path.write_text(text, "utf-8")
    f = loaded(path).features.features
    assert (f["city"].vocab, f["city"].ids, f["town"].ids, f["town"].source) == (
        70,
        Hashed(),
        Hashed(),
        Column("city", "x"),
    )
    assert (f["price"].vocab, f["price"].ids) == (5, Buckets(4))
    assert (f["stars"].vocab, f["stars"].ids, f["more"].ids) == (4, Buckets(3, (1.0, 2.5)), Buckets(3, (1.0, 2.5)))
    assert f["stars"].init == ("uniform", 0.5) and f["more"].init == ("uniform", 0.5)
    assert (f["colour"].vocab, f["colour"].ids) == (6, Listed(tmp_path / "words.txt", 2))
    assert (f["shop"].vocab, f["shop"].ids) == (AUTO, Listed(None, 5))
    tags = f["tags"]
    assert (tags.pool, tags.max_len, tags.keep, tags.axis, tags.source) == ("mean", 3, "first", "tags", Column("tags"))
    assert (f["size"].norm, f["size"].source) == ("minmax", Column("size", 0))
    assert (f["hour"].source, f["hour"].vocab) == (Calendar("hour", tz="Asia/Tokyo", unit="s"), 24)
    assert f["since"].source == Calendar("minutes_since", since="opened_at")
    assert f["seen.age"].source == Calendar("minutes_since", "shown_at", "time") and f["seen.age"].vocab == 10
    assert f["seen.hour"].source == f["hour"].source and f["seen.hour"].root == "hour"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (b"a\nb\na\n", "names `a` in line 1 and again in line 3"),
        (b"a\n\nb", "has nothing in line 2"),
        (b"", "is empty"),
        (b"\xff", "cannot be read: it is not UTF-8"),
    ],
)
def test_files_that_are_no_vocabulary(words: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_bytes(words)
    (tmp_path / "m.yaml").write_text("blockrec: 1\ngraph: {}\nfeatures: {a: {vocab: words.txt}}\n", "utf-8")
    report = Diagnostics()
    load(tmp_path / "m.yaml", report)
    (only,) = report
    assert only.code == "E501" and message in only.message and only.at is not None and only.at.text == "words.txt"


def test_a_vocabulary_belongs_to_the_file_that_names_it(loaded: Callable[..., Document], tmp_path: Path) -> None:
    """Also after the model is written as a file of its own."""
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "words.txt").write_text("a\r\nb\r\n", "utf-8")
    fields = "{vocab: words.txt}, s: {fields: {b: {vocab: ./words.txt}}}"
    (tmp_path / "base" / "m.yaml").write_text(f"blockrec: 1\ngraph: {{}}\nfeatures: {{a: {fields}}}\n", "utf-8")
    (tmp_path / "m.yaml").write_text("blockrec: 1\nextends: base/m.yaml\n", "utf-8")
    document = loaded(tmp_path / "m.yaml")
    again = loaded(document.to_yaml())
    for found in (document, again):
        assert [f.vocab for f in found.features.features.values()] == [3, 3]


def test_labels_of_steps(loaded: Callable[..., Document]) -> None:
    labels = "{a: {column: seen.stars, at_least: 4}, b: {column: seen.shop}, c: {column: odd.name}}"
    found = loaded(TEXT[: TEXT.index("labels")] + f"labels: {labels}\n").features.labels
    assert {name: (x.sequence, x.column) for name, x in found.items()} == {
        "a": ("seen", "stars"),
        "b": ("seen", "shops"),
        "c": (None, "odd.name"),
    }


def test_a_label_of_a_misspelt_sequence(found: Callable[..., list[str]]) -> None:
    features = "features: {seen: {fields: {a: {vocab: 3}}}}"
    assert found(f"blockrec: 1\ngraph: {{}}\n{features}\nlabels: {{l: {{column: sen.x}}}}\n") == ["E208 4:22"]


LABELS = [
    ("[a, a]", ["E201 4:13"]),
    ("{a: {at_least: 3, bit: 1}}", ["E101 4:27"]),
    ("{a: {at_least: 3, type: float}}", ["E101 4:27"]),
    ("{a: {bit: 1, type: float}}", ["E101 4:22"]),
    ("{a: 3}", ["E101 4:13"]),
]


@pytest.mark.parametrize(("labels", "expected"), LABELS)
def test_wrong_labels(labels: str, expected: list[str], found: Callable[..., list[str]]) -> None:
    assert found(f"blockrec: 1\ngraph: {{}}\nfeatures: {{}}\nlabels: {labels}\n") == expected


KEYS = [*VALUE, "pool", "max_len", "keep"]
VALUES = """3 | 0 | -1 | auto | words.txt | item | s.a | zscore | sum | first | hour | minutes_since(t) | UTC | int64 |
from_end | [1, 2] | [2, 1] | [a] | {normal: 1} | {normal: x} | {} | null | true | 1.5 | .nan | $n"""
specs = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES.replace("\n", " ").split(" | ")), max_size=4)


@given(st.lists(specs, min_size=1, max_size=4), st.sampled_from(["[a, a]", "{l: {column: s.x}}", "{l: {bit: 99}}"]))
@settings(max_examples=150, deadline=None)
def test_any_declaration_has_a_value_or_a_mistake_with_a_place(fields: list[dict[str, str]], labels: str) -> None:
    written = ["{" + ", ".join(f"{key}: {value}" for key, value in spec.items()) + "}" for spec in fields]
    flat = "".join(f"  {name}: {spec}\n" for name, spec in zip(("item", "t", "b", "c"), written, strict=False))
    text = f"blockrec: 1\ngraph: {{}}\nlabels: {labels}\nfeatures:\n{flat}  s: {{fields: {{a: {written[0]}}}}}\n"
    report = Diagnostics()
    document: Any = load(text, report)
    assert list(document.features.features) == [*("item", "t", "b", "c")[: len(fields)], "s.a"]
    assert all(d.at is not None for d in report)


@pytest.mark.parametrize(
    ("last", "mistakes", "root"), [("{vocab: 3}", 0, "f900"), ("{like: f0}", 1, "f7"), ("{like: none}", 1, "f7")]
)
def test_long_chains_of_like(last: str, mistakes: int, root: str) -> None:
    chain = ", ".join(f"f{i}: {{like: f{i + 1}}}" for i in range(900))
    report = Diagnostics()
    document: Any = load(f"blockrec: 1\ngraph: {{}}\nfeatures: {{{chain}, f900: {last}}}\n", report)
    assert len(report) == mistakes and document.features.features["f7"].root == root


def test_wrong_features_are_still_declared() -> None:
    """So that one mistake does not make every use of the feature unknown."""
    text = "blockrec: 1\ngraph: {}\nfeatures: {a: {vocab: -1}, b: {like: zz}, c: {dense: x}, d: {}, e: {constant: x}}\n"
    report = Diagnostics()
    document: Any = load(text, report)
    assert report.failed and list(document.features.features) == ["a", "b", "c", "d", "e"]


def test_a_deleted_feature_is_shown_where_it_was_deleted() -> None:
    text = "blockrec: 1\ngraph: {}\nfeatures: {a: {vocab: 3}, b: {like: a}}\nvariants: {v: {features: {a: null}}}\n"
    report = Diagnostics()
    load(text, report, variants=["v"])
    (only,) = report
    assert only.code == "E208" and [(str(at), words) for at, words in only.notes] == [
        ("<text>:4:27", "`a` is deleted here")
    ]
