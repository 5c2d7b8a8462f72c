"""DIN, TWIN and DARE on real logs, with their own histories and with histories of other users.

    python -m tools.real_logs complete_journey [--seeds 1 2 3]
    python -m tools.real_logs movielens_100k --set data.root=FOLDER

The gap between the two columns of AUC is what the histories tell: a model whose histories are permuted among the
users sees the same candidates, lengths and popularity. Results are kept in `runs/experiments/`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.experiment import Trial, mean_and_deviation, outcomes, table

MODELS = ("din", "twin", "dare")
SHUFFLED = "data.shuffle_histories=true"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("card")
    arguments.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    arguments.add_argument("--set", dest="sets", action="append", default=[])
    chosen = arguments.parse_args()
    sets = tuple(chosen.sets)
    store = Path(f"runs/experiments/{Path(chosen.card).stem}.jsonl")
    own = [Trial(f"{m}", m, chosen.card, sets=sets) for m in MODELS]
    others = [Trial(f"{m}, shuffled", m, chosen.card, sets=(*sets, SHUFFLED)) for m in MODELS]
    found = outcomes([*own, *others], chosen.seeds, store)
    rows = []
    for model in MODELS:
        mine, other = found[model], found[f"{model}, shuffled"]
        gap = mean_and_deviation([a - b for a, b in zip(mine.auc, other.auc, strict=True)])
        speed = f"{sum(mine.rows_per_second) / len(mine.rows_per_second):,.0f}"
        memory = f"{max(mine.peak_memory) / 2**20:,.0f} MiB"
        rows.append([model, mine.cell(), other.cell(), gap, speed, memory])
    print(table(["model", "test AUC", "histories shuffled", "gap", "rows/s", "peak memory"], rows))


if __name__ == "__main__":
    main()
