"""Retrieval on real logs: two towers, augmented towers and several interests beside popularity and item-kNN.

    blockrec fetch movielens_100k
    python -m tools.quality_matching [--card online_retail] [--root online_retail=FOLDER] [--seeds 1 2 3] [--jobs 2]
    python -m tools.quality_matching --cost [--steps 100]

The first table: every item of the training part is ranked for each positive of the test part. Recall of its one item
and NDCG, mean ± standard deviation over the seeds, of the checkpoint with the best recall@50 on the validation part.
Films that a user rated before are left out; a shop sells things again, so that all of its products are ranked, and
item-kNN counts what was bought before. `times popularity` is about recall@50. Results are kept in
`runs/experiments/`, so that an interrupted table goes on where it stopped.

`--cost` trains on a generated log of 50,000 items instead, each kind of negatives in a process of its own: milliseconds
a step of 1,024 samples, and the most memory of the process.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from blockrec.run import run
from tools.experiment import Trial, mean_and_deviation, of_cards, root_of, table
from tools.retrieval_baselines import retrieved
from tools.study_store import Store, complete

FOLDER = Path("runs/experiments")
CARDS = {
    "movielens_100k": ("data.samples.negatives=null", "features.behaviors.max_len=50"),
    "online_retail": (
        "data.samples.negatives=null",
        "data.samples.positives={every: 1}",
        "features.behaviors.max_len=50",
        "eval.catalogue.seen=keep",
        "train.epochs=3",
    ),
}
"""Cards with their settings: positives are samples, and nothing else."""

METRICS = [{"hit": {"k": [50, 10, 100], "over": "catalogue"}}, {"ndcg": {"k": [10, 100], "over": "catalogue"}}]
MEASURED = (
    "tasks.click.metrics=[{hit: {k: [50, 10, 100], over: catalogue}}, {ndcg: {k: [10, 100], over: catalogue}}]",
)
COLUMNS = {
    "recall@10": "hit@10_catalogue",
    "recall@50": "hit@50_catalogue",
    "recall@100": "hit@100_catalogue",
    "NDCG@10": "ndcg@10_catalogue",
    "NDCG@100": "ndcg@100_catalogue",
}
CHOSEN = "hit@50_catalogue"
MODELS = (Trial("DSSM", "dssm"), Trial("DAT", "dat"), Trial("MIND, 2 interests", "mind", sets=("params.interests=2",)))

ITEMS, USERS, EVENTS = 50_000, 4_000, 60
HARD = (
    "features.hard_negatives={fields: {item: {like: item}, category: {like: category}}}",
    "data.negatives={hard: shown}",
    "graph.shown={block: embed, in: [hard_negatives.item, hard_negatives.category], dim: $dim}",
    "graph.shown_tower={share: item_tower, in: shown}",
    "losses.match.in_batch=false",
    "losses.match.in.hard=shown_tower",
)
COSTS = (
    Trial("DSSM, items of the batch", "dssm"),
    Trial("DSSM, 20 drawn items each", "dssm", variants=("sampled",)),
    Trial(
        "DSSM, 20 drawn items each, shared by all", "dssm", variants=("sampled",), sets=("losses.match.shared=true",)
    ),
    Trial("DSSM, 20 hard items each", "dssm", sets=HARD),
    Trial("DAT without its AMM terms", "dat", sets=("losses.mimic_user=null", "losses.mimic_item=null")),
    Trial("DAT", "dat"),
    Trial("MIND", "mind"),
)


def main() -> None:
    arguments = of_cards(__doc__, CARDS)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="trainings at once")
    arguments.add_argument("--cost", action="store_true", help="time and memory of the kinds of negatives")
    chosen = arguments.parse_args()
    if chosen.cost:
        print(costs(chosen.steps or 60))
        return
    for card in chosen.cards or CARDS:
        store = Store(FOLDER / f"matching-{card}{f'-{chosen.steps}-steps' if chosen.steps else ''}.jsonl")
        sets = root_of(card, chosen.root)
        complete(store, trials(card, chosen.steps), chosen.seeds, lambda _: (), chosen.jobs, sets)
        print(f"\n{answer(store, card, retrieved(card, (*sets, *data_of(card)), METRICS))}")


def trials(card: str, steps: int | None = None) -> list[Trial]:
    """Every model on a card."""
    return [replace(trial, card=card, steps=steps, sets=(*CARDS[card], *trial.sets, *MEASURED)) for trial in MODELS]


def data_of(card: str) -> list[str]:
    """The settings of a card that are not about training."""
    return [words for words in CARDS[card] if not words.startswith("train.")]


def answer(store: Store, card: str, alone: dict[str, dict[str, float]]) -> str:
    """The table; a model that was not run is no line of it."""
    popular = alone["popularity"][CHOSEN]
    rows = []
    for name, found in alone.items():
        rows.append([name, *(f"{found[key]:.4f}" for key in COLUMNS.values()), f"{found[CHOSEN] / popular:.2f}", ""])
    for trial in trials(card):
        values = {key: list(store.values(trial, key).values()) for key in (*COLUMNS.values(), "rows/s")}
        if values[CHOSEN]:
            cells = [mean_and_deviation(values[key]) for key in COLUMNS.values()]
            times = statistics.fmean(values[CHOSEN]) / popular
            rows.append([trial.name, *cells, f"{times:.2f}", f"{statistics.fmean(values['rows/s']):,.0f}"])
    return table([card, *COLUMNS, "times popularity", "rows/s"], rows)


def costs(steps: int) -> str:
    """Time and memory of each kind of negatives on the generated log."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        card = generated(Path(folder))
        for trial in COSTS:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                speed, memory = pool.apply(_cost, (replace(trial, card=str(card), steps=steps), folder))
            rows.append([trial.name, f"{1024e3 / speed:,.1f}", f"{memory / 2**20:,.0f} MiB"])
            print(f"{trial.name}: {rows[-1][1]} ms a step, {rows[-1][2]}", flush=True)
    return table(["negatives", "ms a step", "peak memory"], rows)


def generated(folder: Path) -> Path:
    """A log in which each event also shows 20 items that were not taken, and its card."""
    draw, rows = np.random.default_rng(0), USERS * EVENTS
    item = np.minimum(draw.geometric(3e-4, rows) - 1, ITEMS - 1)
    shown = draw.integers(0, ITEMS, (rows, 20))
    log = {
        "user": np.repeat(np.arange(USERS), EVENTS),
        "time": np.tile(np.arange(EVENTS), USERS),
        "item": item,
        "category": item % 300,
        "click": np.ones(rows, np.int64),
        "shown": pa.FixedSizeListArray.from_arrays(pa.array(shown.reshape(-1)), 20),
    }
    pq.write_table(pa.table(log), folder / "log.parquet")
    card = folder / "card.yaml"
    card.write_text(CARD, "utf-8")
    return card


CARD = f"""
blockrec: 1
features:
  user: {{vocab: {USERS}}}
  item: {{vocab: {ITEMS}}}
  category: {{vocab: 300}}
  behaviors: {{max_len: 50, fields: {{item: {{like: item}}, category: {{like: category}}}}}}
labels: {{click: {{type: float}}}}
data:
  events: log.parquet
  split: {{by: leave_last, valid: 0, test: 0}}
  batch_size: 1024
"""


def _cost(trial: Trial, folder: str) -> tuple[float, float]:
    """Rows a second and the most memory of a run."""
    result = run(
        trial.model,
        data=trial.card,
        variants=trial.variants,
        sets=trial.sets,
        steps=trial.steps,
        runs_dir=folder,
        console=Console(file=io.StringIO()),
    )
    return result.rows_per_second, result.peak_memory_bytes


if __name__ == "__main__":
    main()
