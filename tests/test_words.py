"""Numbers and settings as people read them."""

from __future__ import annotations

import pytest

from blockrec.words import counted, human, setting, shortened


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1k"),
        (16_384, "16.4k"),
        (4_068_791, "4.07M"),
        (987_994, "988k"),
        (2 * 10**9, "2G"),
    ],
)
def test_human(number: int, said: str) -> None:
    assert human(number) == said


@pytest.mark.parametrize(
    ("value", "said"), [(True, "true"), (None, "null"), ([8, 4], "[8, 4]"), (0.001, "0.001"), ("relu", "relu")]
)
def test_setting(value: object, said: str) -> None:
    assert setting(value) == said


def test_counted_knows_one() -> None:
    assert [counted(n, "node") for n in (0, 1, 2)] == ["0 nodes", "1 node", "2 nodes"]


def test_shortened_is_one_line_of_at_most_the_length() -> None:
    assert shortened("a\n b", 9) == "a b"
    assert shortened("abcdefghij", 5) == "abcd…"
