"""A vocabulary or edges of buckets, from what the declaration of a feature says or the training part holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from blockrec.data.arrow import Column
from blockrec.data.encoding.numbers import Edges, Floats
from blockrec.data.encoding.vocabulary import Vocabulary
from blockrec.diagnostics import Diagnostics, fail
from blockrec.language.features import Buckets, Feature, Listed
from blockrec.language.wordlist import read_words


def vocabulary_of(feature: Feature, columns: Callable[[], list[Column]], known: Mapping[str, Feature]) -> Vocabulary:
    """The lines of its file, else the values in `columns`; E503 if these do not agree. known: features by name."""
    assert isinstance(feature.ids, Listed)
    if feature.ids.file is not None:
        report = Diagnostics()
        words = read_words(feature.ids.file, feature.span, report)
        report.raise_errors()
        return Vocabulary(pa.array(words, pa.string()), feature.ids.cold)
    try:
        return Vocabulary.of(columns() or [pa.nulls(0)], feature.ids.cold)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        message = f"columns that share the ids of `{feature.root}` do not agree: {error}"
        raise fail("E503", message, known.get(feature.root, feature).span) from error


def edges_of(feature: Feature, values: Callable[[], Floats]) -> Edges:
    """Those that are declared, else quantiles of values [n], NaN for null."""
    assert isinstance(feature.ids, Buckets)
    return (
        Edges(np.array(feature.ids.edges)) if feature.ids.edges is not None else Edges.of(values(), feature.ids.count)
    )
