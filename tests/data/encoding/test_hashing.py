"""Hashes of ids: fixed for ever, equal for equal values, spread evenly."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data.encoding.hashing import rows_of

texts = st.lists(st.text(max_size=12).filter(lambda t: "\x00" not in t), min_size=1, max_size=30)


def test_hashes_never_change() -> None:
    """Weights of earlier runs are found by these numbers."""
    found = rows_of(pa.array(["", "a", "ab", "ba", "größe", "1042"]), 1_000_003)
    assert found.tolist() == [4995, 464063, 167771, 606712, 549391, 976018]


@given(texts)
@settings(max_examples=50, deadline=None)
def test_a_hash_depends_on_the_value_alone(values: list[str]) -> None:
    whole = rows_of(pa.array(values), 997)
    alone = [int(rows_of(pa.array([value]), 997)[0]) for value in values]
    assert whole.tolist() == alone
    assert rows_of(pa.array(["x", *values]).slice(1), 997).tolist() == alone
    assert rows_of(pa.chunked_array([pa.array(values)]).dictionary_encode(), 997).tolist() == alone


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.uint16()])
def test_a_number_has_the_hash_of_its_text(kind: pa.DataType) -> None:
    numbers = [0, 7, 100]
    assert (
        rows_of(pa.array(numbers, kind), 10**6).tolist() == rows_of(pa.array(list(map(str, numbers))), 10**6).tolist()
    )


@pytest.mark.parametrize("name", ["user {}", "{}", "{}-suffix"])
def test_rows_are_used_alike(name: str) -> None:
    """Counts of a fair hash are Poisson: mean 100, deviation 10."""
    counts = np.bincount(rows_of(pa.array([name.format(i) for i in range(100_000)]), 1000), minlength=1000)
    assert 8 < counts.std() < 12 and counts.min() > 50 and counts.max() < 160


def test_few_texts_collide() -> None:
    words = [a + b + c for a in "abcdefghij" for b in "abcdefghij" for c in "abcdefghij"]
    assert len(set(rows_of(pa.array(words), 10**12).tolist())) == 1000
