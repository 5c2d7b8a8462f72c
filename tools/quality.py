"""DIN, TWIN and DARE on three real logs beside what popularity and categories alone tell.

    blockrec fetch movielens_100k
    python -m tools.quality [--seeds 1 2 3] [--root online_retail=FOLDER] [--card complete_journey] [--steps 200]

Clicks are events; two items drawn by popularity in the training part, which the user never met, stand beside each: so
popularity tells next to nothing. Test AUC, mean ± standard deviation over the seeds, of the checkpoint that is best on
the validation split. Results are kept in `runs/experiments/`, so that an interrupted table goes on where it stopped.
"""

from __future__ import annotations

from pathlib import Path

from tools.baselines import baselines
from tools.experiment import Trial, of_cards, outcomes, root_of, table

MODELS = ("din", "twin", "dare")
CARDS = ("movielens_100k", "online_retail", "complete_journey")
STORE = Path("runs/experiments/quality.jsonl")
HEADER = ("data", "test samples", "popularity", "category share", *MODELS)


def main() -> None:
    chosen = of_cards(__doc__, CARDS).parse_args()
    rows = [row(card, root_of(card, chosen.root), chosen.seeds, chosen.steps) for card in chosen.cards or CARDS]
    print(table(HEADER, rows))


def row(card: str, sets: tuple[str, ...], seeds: list[int], steps: int | None) -> list[str]:
    """One line of the table."""
    alone = baselines(card, sets)
    trials = [Trial(_name(model, card, steps), model, card, sets=sets, steps=steps) for model in MODELS]
    found = outcomes(trials, seeds, STORE)
    measured = [f"{alone.popularity:.4f}", f"{alone.category_share:.4f}", *(found[t.name].cell() for t in trials)]
    return [card, f"{alone.samples:,}", *measured]


def _name(model: str, card: str, steps: int | None) -> str:
    return f"{model} on {card}" + (f", {steps} steps" if steps else "")


if __name__ == "__main__":
    main()
