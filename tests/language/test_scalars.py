"""YAML 1.2 core scalars, where plain PyYAML follows YAML 1.1."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.diagnostics import Diagnostics, Source
from blockrec.language.scalars import numeral, resolve
from blockrec.language.source import read_value

VALUES: list[tuple[str, Any]] = [
    ("", None),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("true", True),
    ("FALSE", False),
    ("yes", "yes"),
    ("No", "No"),
    ("on", "on"),
    ("off", "off"),
    ("y", "y"),
    ("12", 12),
    ("-7", -7),
    ("+7", 7),
    ("010", 10),
    ("0o10", 8),
    ("0x1F", 31),
    ("0b1", "0b1"),
    ("1_000", "1_000"),
    ("1e-3", 0.001),
    ("1E5", 1e5),
    (".5", 0.5),
    ("5.", 5.0),
    ("-1.5e+2", -150.0),
    (".inf", math.inf),
    ("-.INF", -math.inf),
    ("inf", "inf"),
    ("12:30:45", "12:30:45"),
    ("2020-01-01", "2020-01-01"),
    ("1.2.3", "1.2.3"),
    ("=", "="),
    ("٣", "٣"),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_plain_scalars(text: str, value: Any) -> None:
    result = resolve(text)
    assert result == value and type(result) is type(value)


def test_not_a_number() -> None:
    assert math.isnan(resolve(".nan"))


@pytest.mark.parametrize("text", ["12", "true", "null", "1e-3", "yes", "010"])
def test_quoted_scalars_are_texts(text: str) -> None:
    for quote in "'\"":
        report = Diagnostics()
        value, _ = read_value(Source("<text>", f"{quote}{text}{quote}"), report) or (None, None)
        assert value == text and not len(report)


@pytest.mark.parametrize(
    ("text", "code"), [("yes", "W002"), ("Off", "W002"), ("010", "W003"), ("-007", "W003"), ("0", None), ("0.10", None)]
)
def test_suspicious_scalars_are_warned_about(text: str, code: str | None) -> None:
    report = Diagnostics()
    read_value(Source("<text>", f"a: {text}"), report)
    assert [(d.code, d.at.column if d.at else None) for d in report] == ([(code, 3)] if code else [])


@pytest.mark.parametrize(("text", "number"), [("1_000", "1000"), ("16", "16"), ("a", None), ("", None), ("1__", "1")])
def test_numerals(text: str, number: str | None) -> None:
    assert numeral(text) == number


@settings(deadline=None)
@given(st.integers() | st.floats(allow_nan=False))
def test_numbers_as_python_writes_them(value: float) -> None:
    text = {"inf": ".inf", "-inf": "-.inf"}.get(str(value), str(value))
    assert resolve(text) == value


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=2000))
def test_any_text_has_a_value(text: str) -> None:
    resolve(text)


def test_very_long_numbers_stay_texts() -> None:
    assert resolve("9" * 100_000) == "9" * 100_000


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_both_parsers_of_pyyaml_serve(loader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blockrec.language.source.LOADER", loader)
    report = Diagnostics()
    value, _ = read_value(Source("<text>", "a: [1, 'x', yes]\nb: {c: 1e-3}\n"), report) or ({}, None)
    assert value == {"a": [1, "x", "yes"], "b": {"c": 0.001}}
    assert [str(d.at) for d in report] == ["<text>:1:13"] and str(value["b"].at["c"]) == "<text>:2:8"
