"""`extends:`: the files that a model file is a patch of."""

from __future__ import annotations

from blockrec.diagnostics import Diagnostics, did_you_mean
from blockrec.language.files import folder_of, locate, packaged_models, read_file
from blockrec.language.merge import lay_over
from blockrec.language.source import read_map
from blockrec.language.trust import Fence
from blockrec.language.values import Map

MAX_CHAIN = 20


def read_chain(file: Map, fence: Fence, report: Diagnostics) -> list[Map]:
    """`file` and what it extends, the base of all first. A missing or circular base is reported (E111) and left out."""
    chain, seen = [file], {file.span.source.name}
    while isinstance(chain[0].get("extends"), str):
        base = _base(chain[0], seen, fence, report)
        if base is None:
            break
        if len(chain) == MAX_CHAIN:
            report.error("E111", f"more than {MAX_CHAIN} files extend each other", chain[0].at["extends"])
            break
        seen.add(base.span.source.name)
        chain.insert(0, base)
    return chain


def all_variants(chain: list[Map]) -> Map:
    """The variants of every file of a chain, a later over an earlier one; a null in a new variant stays: it deletes."""
    variants = chain[0].section("variants")
    for file in chain[1:]:
        variants = lay_over(variants, file.section("variants"), ("variants",))
    return variants


def _base(file: Map, seen: set[str], fence: Fence, report: Diagnostics) -> Map | None:
    name, at = file["extends"], file.at["extends"]
    models = packaged_models()
    if fence.refuses(name, at, report):
        return None
    path = locate(name, models, folder_of(at))
    if path is None:
        help = did_you_mean(name, models, f"packaged models: {', '.join(models)}")
        report.error("E111", f"there is no model `{name}` to extend", at, help=help)
        return None
    source = read_file(path, report, at)
    if source is not None and source.name in seen:
        report.error("E111", f"`{name}` extends itself", at, help="a chain of `extends` ends at a file that has none")
        return None
    return read_map(source, report) if source else None
