"""Questions about decoupled embeddings, one command each: trainings over several seeds, a table, and a picture.

    python -m tools.study_dare                      list the questions
    python -m tools.study_dare width [--data planted_interests] [--seeds 1 2 3] [--steps 200]
    python -m tools.study_dare tables --data online_retail --root FOLDER

A cell is mean ± standard deviation over the seeds; p is that of a paired t-test of the AUC against the first line of
its block. Results are kept in `runs/experiments/`, so that an interrupted study goes on; `--steps` keeps its own.
"""

from __future__ import annotations

import argparse
import inspect
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from blockrec.run.compare.paired import Paired
from tools.experiment import Trial, mean_and_deviation, table
from tools.study_plot import plotted
from tools.study_trials import Probe, Results, conflict, results, retrieval, search

PLANTED = "planted_interests"
CARDS = (PLANTED, "movielens_100k", "online_retail", "complete_journey")
FOLDER = Path("runs/experiments")
EACH_ATTENDED = ("graph.search={block: attend}",)


@dataclass(frozen=True)
class Block:
    """Trials that are compared with the first of them."""

    trials: Sequence[Trial]


@dataclass(frozen=True)
class Question:
    """doc: what is asked. planted: whether only generated data can answer. plot: columns that are drawn."""

    name: str
    blocks: Callable[[], list[Block]]
    columns: Sequence[str]
    probes: Sequence[Probe] = ()
    planted: bool = False
    plot: Sequence[str] = ()

    @property
    def doc(self) -> str:
        return inspect.cleandoc(self.blocks.__doc__ or "")


def gain() -> list[Block]:
    """What do two sets of tables gain over one, at equal width and at as many parameters?"""
    wide = ("params.attention_dim=32", "params.representation_dim=32")
    trials = [
        Trial("DARE", "dare"),
        Trial("TWIN, equal width", "twin"),
        Trial("TWIN, equal parameters", "twin", sets=wide),
    ]
    return [Block(trials)]


def width() -> list[Block]:
    """How narrow may attention be, which is what a search pays for? TWIN has to narrow its only set of tables."""
    shares = {16: 100, 12: 75, 8: 50, 4: 25}
    dare = [Trial(f"DARE, attention {s}%", "dare", sets=(f"params.attention_dim={d}",)) for d, s in shares.items()]
    twin = [
        Trial(f"TWIN, all {s}%", "twin", sets=(f"params.attention_dim={d}", f"params.representation_dim={d}"))
        for d, s in shares.items()
    ]
    return [Block(dare), Block(twin)]


def tables() -> list[Block]:
    """Is one set of tables a role enough, or should the target have its own, too?"""
    more = [Trial(f"DARE, {n} sets", "dare", variants=(f"{n}_tables",)) for n in ("three", "four")]
    return [Block([Trial("DARE, two sets", "dare"), *more, Trial("TWIN, one set", "twin")])]


def product() -> list[Block]:
    """Does the head need the product of target and interest, and does that depend on how many items there are?"""
    models, sizes = ("dare", "twin"), (500, 2000, 8000, 32_000)
    return [Block(_with_and_without(model, items)) for items in sizes for model in models]


def _with_and_without(model: str, items: int) -> list[Trial]:
    name, sets = f"{model.upper()}, {items:,} items", (f"data.generate.{PLANTED}.items={items}",)
    return [Trial(name, model, sets=sets), Trial(f"{name}, no product", model, variants=("no_tr",), sets=sets)]


def calibration() -> list[Block]:
    """Are projections in place of tables over-confident, and at which width?"""
    return [Block([*_projected(dim)]) for dim in (4, 8, 16, 32, 64)]


def _projected(dim: int) -> list[Trial]:
    sets = (f"params.attention_dim={dim}", f"params.representation_dim={dim}")
    kinds = {"DARE": ("dare", ()), "TWIN": ("twin", ()), "TWIN, projected": ("twin", ("project_fields",))}
    return [Trial(f"{name}, width {dim}", model, None, variants, sets) for name, (model, variants) in kinds.items()]


def stages() -> list[Block]:
    """What does retrieving k behaviours first cost in AUC, and what does it save, over the length of the history?"""
    sizes = {200: (4000, 8, 512), 2000: (2000, 4, 128), 10_000: (800, 8, 32)}
    return [Block([*_stages(length, *size)]) for length, size in sizes.items()]


def _stages(length: int, users: int, impressions: int, batch: int) -> list[Trial]:
    planted = f"data.generate.{PLANTED}={{users: {users}, impressions: {impressions}, history: {length}}}"
    sets = (planted, f"features.behaviors.max_len={length}", f"data.batch_size={batch}")
    return [
        Trial(f"two stages, T {length:,}", "dare", sets=sets),
        Trial(f"two stages, no auxiliary loss, T {length:,}", "dare", variants=("no_aux",), sets=sets),
        Trial(f"one stage, T {length:,}", "dare", variants=("no_aux",), sets=(*sets, *EACH_ATTENDED)),
    ]


def pull() -> list[Block]:
    """Do attention and representation pull a row apart in one set of tables, and where would they pull in two?"""
    return [Block([Trial("TWIN", "twin"), Trial("DARE", "dare"), Trial("DIN", "din")])]


def rivals() -> list[Block]:
    """Which of the models for long histories tells most, and how fast does each learn?"""
    models = ("dare", "twin", "din", "sim", "eta", "sdim", "twin_heads", "twin_v2")
    return [Block([Trial(model, model) for model in models])]


def patch() -> list[Block]:
    """Decoupling as a patch of two lines: what does it do to a model that was published with one set of tables?"""
    own = ("params.attention_table=attention", "params.representation_table=representation")
    kinds = {"DIN, retrieving": ("din", ()), "DIN": ("din", ("classic",)), "TWIN": ("twin", ())}
    return [
        Block([Trial(name, model, None, variants), Trial(f"{name}, decoupled", model, None, variants, own)])
        for name, (model, variants) in kinds.items()
    ]


QUESTIONS = {
    question.name: question
    for question in (
        Question("gain", gain, ("auc", "ndcg"), (retrieval,)),
        Question("width", width, ("auc", "ndcg", "search ms"), (retrieval, search), plot=("auc", "ndcg", "search ms")),
        Question("tables", tables, ("auc", "ndcg"), (retrieval,)),
        Question("product", product, ("auc",), planted=True),
        Question("calibration", calibration, ("auc", "logloss", "ece")),
        Question("stages", stages, ("auc", "search ms", "rows/s"), (search,), planted=True),
        Question(
            *("pull", pull, ("opposed steps", "opposed rows", "cosine", "attention norm", "rest norm")), (conflict,)
        ),
        Question("rivals", rivals, ("auc", "logloss", "rows/s")),
        Question("patch", patch, ("auc", "opposed steps", "search ms"), (conflict, search)),
    )
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("question", nargs="?", choices=QUESTIONS)
    arguments.add_argument("--data", choices=CARDS, default=PLANTED)
    arguments.add_argument("--root", help="where the files of the card are")
    arguments.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    arguments.add_argument("--steps", type=int, help="train so many steps only, to try the tool")
    chosen = arguments.parse_args()
    if chosen.question is None:
        print("\n".join(f"{name:<12} {question.doc}" for name, question in QUESTIONS.items()))
        return
    question = QUESTIONS[chosen.question]
    if question.planted and chosen.data != PLANTED:
        arguments.error(f"`{question.name}` changes how data are generated: --data {PLANTED}")
    print(answer(question, chosen.data, chosen.root, chosen.seeds, chosen.steps))


def answer(question: Question, card: str, root: str | None, seeds: Sequence[int], steps: int | None) -> str:
    """The table; its picture is written beside the results."""
    sets = (f"data.root={Path(root).resolve()}",) if root else ()
    place = FOLDER / f"{question.name}-{card}{f'-{steps}-steps' if steps else ''}.jsonl"
    blocks = [
        Block([replace(t, card=card, sets=(*sets, *t.sets), steps=steps) for t in block.trials])
        for block in question.blocks()
    ]
    found = results([t for block in blocks for t in block.trials], seeds, place, question.probes)
    if question.plot:
        names = [[trial.name for trial in block.trials] for block in blocks]
        place.with_suffix(".svg").write_text(plotted(found, names, question.plot), "utf-8")
    rows = [row(question, found, trial.name, block.trials[0].name) for block in blocks for trial in block.trials]
    return f"{question.doc}\n\n{table([card, *question.columns, 'difference of AUC', 'p'], rows)}"


def row(question: Question, found: Results, trial: str, first: str) -> list[str]:
    """One line of the table."""
    cells = [_cell(list(found.values(trial, column).values())) for column in question.columns]
    against = Paired.of("auc", found.values(trial, "auc"), found.values(first, "auc")) if trial != first else None
    return [trial, *cells, *([f"{against.mean:+.4f}", f"{against.p:.3f}"] if against else ["", ""])]


def _cell(values: list[float]) -> str:
    if not values:
        return "-"
    small = 0 < abs(statistics.fmean(values)) < 1e-2
    return f"{statistics.fmean(values):.2e}" if small else mean_and_deviation(values)


if __name__ == "__main__":
    main()
