"""JSON Schemas of the sections of a model file, as Python values.

Beside the keywords of JSON Schema they carry three of our own, which say how a mistake is reported:
`x-codes` (keyword that failed → code), `x-help` (what to write instead) and `x-new` (what an override must hold to add
an entry here: one of these keys; an empty list: it cannot).
"""

from __future__ import annotations

from blockrec.language.schema.graph import NODE_WORDS

__all__ = ["NODE_WORDS"]
