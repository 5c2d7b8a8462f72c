"""The key `convert:` of a section `data:`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from blockrec.data import store
from blockrec.data.convert.mind import Mind
from blockrec.data.sources.paths import locate
from blockrec.diagnostics import Diagnostics
from blockrec.language.values import Map


def converted(
    section: Map, root: Path | None, cache: Path, progress: Callable[[str], None], report: Diagnostics
) -> Path | None:
    """The folder of the tables that `convert:` makes of files below `root`; `root` itself without that key, or after
    E501. Raises `BlockrecError` (E503) for a file that is not of the form.
    """
    if "convert" not in section or ("root" in section and root is None):
        return root
    how, named = str(section.get("how_to_get", "")), section.section("convert").section("mind")
    behaviors, news = (locate(named, key, root, how, report) for key in ("behaviors", "news"))
    if report.failed:
        return root
    hashes = [store.content_hash(path, cache / "hashes") for path in (*behaviors, *news)]
    made = Mind(behaviors, news, named.at["behaviors"])

    def build(scratch: Path) -> None:
        progress(f"converting {', '.join(str(path) for path in behaviors)}")
        made.write(scratch)

    return store.built(cache / store.name_of("mind", made.VERSION, hashes), build)
