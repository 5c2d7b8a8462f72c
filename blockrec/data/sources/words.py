"""Columns that are a part of another one: the first genre of several, the last word of a description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data.arrow import Column, Table, array_of, one_chunk
from blockrec.data.settings import setting
from blockrec.language.schema.files import WORDS
from blockrec.language.values import Map


@dataclass(frozen=True)
class Word:
    """The first or last part of a text between separators, or the first or last element of a list."""

    column: str
    separator: str
    take: str

    def of(self, column: Column) -> Column:
        """[rows] text, or an element of a list; null for a null and for what has no part."""
        plain = one_chunk(column)
        if pa.types.is_list(plain.type) or pa.types.is_large_list(plain.type):
            return _ends(plain, self.take)
        text = pc.utf8_trim(plain.cast(pa.string()), self.separator)
        parts = pc.split_pattern(text, self.separator, max_splits=1, reverse=self.take == "last")
        word = _ends(parts, self.take)
        return pc.if_else(pc.equal(word, ""), None, word)


def words_of(section: Map) -> dict[str, Word]:
    """From a section `words:`."""
    schema = WORDS["additionalProperties"]
    keys = tuple(schema["properties"])
    return {name: Word(*(setting(section.section(name), key, schema=schema) for key in keys)) for name in section}


def with_words(table: Table, words: Mapping[str, Word]) -> Table:
    """The table with a column for each word."""
    for name, word in words.items():
        table = table.append_column(name, word.of(table.column(word.column)))
    return table


def _ends(lists: Column, take: str) -> Column:
    """The first or last element of each list; null where there is none."""
    lengths = array_of(pc.fill_null(pc.list_value_length(lists), 0)).astype(np.int64)
    after = np.cumsum(lengths)
    place = after - 1 if take == "last" else after - lengths
    return lists.flatten().take(pa.array(place, mask=lengths == 0))
