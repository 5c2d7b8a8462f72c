"""Logs of events and samples → batches of features. Reads the section `data:` and the features; knows no graph.

`open_dataset(section, features, used, report)` gives a `Dataset` whose `splits` give batches. The names are imported
when they are first used, so that importing this package costs neither pyarrow nor torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from blockrec.data.batching.batches import Split
    from blockrec.data.dataset import Dataset
    from blockrec.data.open import open_dataset

__all__ = ["Dataset", "Split", "open_dataset"]

_HOMES = {"Dataset": "dataset", "Split": "batching.batches", "open_dataset": "open"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `blockrec.data` has no attribute `{name}`")
    from importlib import import_module

    return getattr(import_module(f"blockrec.data.{_HOMES[name]}"), name)
