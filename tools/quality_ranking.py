"""Ranking models on real logs: towers with each encoder of the history, crosses, factorization machines.

    blockrec fetch movielens_100k
    python -m tools.quality_ranking [--card complete_journey] [--root movielens_100k=FOLDER] [--seeds 1 2 3] [--jobs 2]

The recipe is the same for all (3 epochs, Adam 3e-3, lazy Adam 1e-2 for the tables). Of the test part, mean ± standard
deviation over the seeds, of the checkpoint that is best on the validation part; GAUC is within users; rows/s is the
speed of training, of one thread where there are as many jobs as processors. p is that of a paired t-test of the AUC
against the first line. Results are kept in `runs/experiments/`, so that an interrupted table goes on where it stopped.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from blockrec.run.compare.paired import Paired
from tools.experiment import Trial, mean_and_deviation, of_cards, root_of, table
from tools.study_store import Store, complete

CARDS = ("movielens_100k", "complete_journey")
FOLDER = Path("runs/experiments")
METRICS = ("tasks.click.metrics=[auc, logloss, {gauc: {by: user}}]",)
COLUMNS = ("auc", "gauc", "logloss")
ENCODERS = ("dice", "simple_attention", "pooling", "self_attention", "multi_window_din", "bst", "hstu")
"""Variants of `multi_tower_din` that put another encoder in the place of `din`."""
TRIALS = (
    Trial("MultiTower", "multi_tower"),
    Trial("DCN-v2", "dcn_v2"),
    Trial("DeepFM", "deepfm"),
    Trial("MultiTowerDIN", "multi_tower_din"),
    *(Trial(f"MultiTowerDIN, {encoder}", "multi_tower_din", variants=(encoder,)) for encoder in ENCODERS),
)


def main() -> None:
    arguments = of_cards(__doc__, CARDS)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="trainings at once")
    chosen = arguments.parse_args()
    for card in chosen.cards or CARDS:
        store = Store(FOLDER / f"ranking-{card}{f'-{chosen.steps}-steps' if chosen.steps else ''}.jsonl")
        sets = root_of(card, chosen.root)
        complete(store, trials(card, chosen.steps), chosen.seeds, lambda _: (), chosen.jobs, sets)
        print(f"\n{answer(store, card)}")


def trials(card: str, steps: int | None = None) -> list[Trial]:
    """Every model on a card."""
    return [replace(trial, card=card, steps=steps, sets=METRICS) for trial in TRIALS]


def answer(store: Store, card: str) -> str:
    """The table; a model that was not run is no line of it."""
    first, *_ = every = trials(card)
    rows = [row(store, trial, first) for trial in every if store.values(trial, "auc")]
    return table([card, *COLUMNS, "rows/s", "difference of AUC", "p"], rows)


def row(store: Store, trial: Trial, first: Trial) -> list[str]:
    """One line of the table."""
    cells = [_cell(list(store.values(trial, column).values())) for column in COLUMNS]
    speed = f"{statistics.fmean(store.values(trial, 'rows/s').values()):,.0f}"
    against = Paired.of("auc", store.values(trial, "auc"), store.values(first, "auc")) if trial != first else None
    return [trial.name, *cells, speed, *([f"{against.mean:+.4f}", f"{against.p:.3f}"] if against else ["", ""])]


def _cell(values: Sequence[float]) -> str:
    return mean_and_deviation(values) if values else "-"


if __name__ == "__main__":
    main()
