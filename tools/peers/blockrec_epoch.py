"""Models of the zoo."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from blockrec.run.heap import keep_freed_memory
from blockrec.run.log import Log
from blockrec.run.loop import Loop, Plan
from blockrec.run.prepare import Wishes, prepare
from blockrec.run.watch import trained_part
from tools.peers import sizes
from tools.peers.rows import Rows
from tools.peers.timing import Train, report, size

PLAIN = [
    f"graph.profile={{block: embed, in: user, table: $representation_table, dim: {sizes.DIM}}}",
    f"graph.deep={{block: mlp, in: [profile, target, search], hidden: {sizes.HEAD}}}",
    "graph.logit={block: linear, in: deep, out: 1}",
    "graph.head=null",
    "tasks.click.logits=logit",
]
"""The plain head that the others have, also for the user."""
LAYER = f"heads: {sizes.HEADS}, feed_forward: {sizes.FEED_FORWARD}, max_len: {sizes.MOST + 1}"
BST = f"{{block: bst, in: {{query: target, keys: values}}, {LAYER}}}"
MODELS: dict[str, tuple[str, list[str], list[str]]] = {
    "din": (
        "din",
        ["classic"],
        [f"graph.score.hidden={sizes.ATTENTION}", f"params.representation_dim={sizes.DIM}", *PLAIN],
    ),
    "bst": ("din", ["classic"], ["graph.score=null", "graph.search=null", f"graph.search={BST}", *PLAIN]),
    "deepfm": ("deepfm", [], [f"params.dim={sizes.DIM}", f"params.hidden={sizes.HEAD}"]),
    "dcn_v2": (
        "dcn_v2",
        [],
        [f"params.dim={sizes.DIM}", f"params.layers={sizes.CROSSES}", f"params.hidden={sizes.HEAD}"],
    ),
    "dssm": (
        "dssm",
        [],
        [
            f"params.dim={sizes.DIM}",
            f"params.hidden={sizes.TOWER[:-1]}",
            f"params.width={sizes.TOWER[-1]}",
            f"params.temperature={sizes.TEMPERATURE}",
        ],
    ),
}
"""Of the zoo: name, variants, settings."""


def start(model: str, rows: Rows, folder: Path) -> tuple[Train, int]:
    name, variants, sets = MODELS[model]
    recipe = f"train.optimizer={{dense: {{adam: {{lr: {sizes.RATE}}}}}, sparse: {{lazy_adam: {{lr: {sizes.RATE}}}}}}}"
    wishes = Wishes(variants=variants, sets=[*sets, recipe], data=str(card(rows, folder)), seed=0)
    job = prepare(name, wishes, Log(Console(file=io.StringIO())))
    keep_freed_memory()

    def train(most: int | None) -> float:
        steps = most or job.plan.per_epoch
        loop = Loop(trained_part(job.model), job.updater, job.feed, Plan(steps, job.plan.per_epoch), job.device)
        for _ in loop.steps():
            pass
        return loop.clock.seconds.get("data", 0.0)

    return train, size(job.model)


def card(rows: Rows, folder: Path) -> Path:
    """The rows as a Parquet file with lists, and what describes it."""
    index = rows.end[:, None] - rows.length[:, None] + np.arange(sizes.MOST)[None]
    steps = rows.history[index[np.arange(sizes.MOST)[None] < rows.length[:, None]]]
    offsets = pa.array(np.concatenate([[0], np.cumsum(rows.length)]), pa.int32())
    columns = {"user": rows.user, "item": rows.item, "category": rows.category_of[rows.item], "click": rows.click}
    lists = {"behaviors_item": steps, "behaviors_category": rows.category_of[steps]}
    table = pa.table(columns | {name: pa.ListArray.from_arrays(offsets, values) for name, values in lists.items()})
    pq.write_table(table, folder / "train.parquet")
    user, item, category = rows.heights
    path = folder / "card.yaml"
    path.write_text(
        f"""\
blockrec: 1
features:
  user: {{vocab: {user}}}
  item: {{vocab: {item}}}
  category: {{vocab: {category}}}
  behaviors: {{max_len: {sizes.MOST}, fields: {{item: {{like: item}}, category: {{like: category}}}}}}
labels: [click]
data: {{train: train.parquet, split: {{valid: 0, test: 0}}, batch_size: {sizes.BATCH}}}
"""
    )
    return path


if __name__ == "__main__":
    report(start)
