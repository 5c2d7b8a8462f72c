"""Whether a model retrieves the behaviours that matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from blockrec.run.analyze.attention import no_attention, silenced
from blockrec.run.analyze.counting import truth_of
from blockrec.run.analyze.findings import Findings, Lines, Listing, Row
from blockrec.run.analyze.kinds import Steps, chosen_kind, no_kind, steps_of, tables_beside
from blockrec.run.analyze.ranking import Agreement, Floats
from blockrec.run.analyze.registry import analysis
from blockrec.run.analyze.scores import scores_of
from blockrec.run.analyze.subject import Subject
from blockrec.run.analyze.truth import Bounds, Truth

RULES: Mapping[str, Callable[[Steps], Floats]] = {
    "newest first": lambda steps: -steps.place.astype(np.float64),
    "same kind, then newest": lambda steps: 1e9 * (steps.target == steps.behaviour) - steps.place,
    "random": lambda steps: np.random.default_rng(len(steps.place)).random(len(steps.place)),
}
"""Orders that need no model."""


def _needs(subject: Subject) -> str | None:
    return no_attention(subject.model) or no_kind(subject.graph)


@analysis("retrieval", needs=_needs)
def retrieval(
    subject: Subject,
    *,
    truth: Literal["auto", "planted", "mi"] = "auto",
    by: str = "",
    top: int = 20,
    split: Literal["train", "valid", "test"] = "test",
    rows: int = 20_000,
    samples: int = 700,
    seen: int = 50,
    rare: int = 20,
) -> Findings:
    """Does attention rank the behaviours first that matter to the target?

    NDCG@i = Σ_{r ≤ i} relevance(rank r) / log2(r + 1), divided by the ideal value at `top` for every i, and hits@i, how
    many of the first i are among the `top` most relevant. Relevance is the planted one of generated data, or the
    mutual information of (a behaviour of a category at a place, the label) for targets of a category, counted over the
    training samples. A model ranks with all it knows, and once more by kind and place alone, with zeros for all other
    features, as the DARE paper does.

    Args:
        truth: what relevance is: `planted`, `mi` (mutual information), or `auto`: planted if it is known.
        by: the feature whose kinds are counted; default: the one that target and history share with the fewest rows.
        top: how many behaviours are retrieved.
        split: the samples to rank histories of.
        rows: so many samples of it.
        samples: for `mi`, leave out targets of a kind with fewer training samples.
        seen: for `mi`, a behaviour is rare if it was seen fewer times with a positive or with a negative label.
        rare: for `mi`, leave out samples with more rare behaviours.
    """
    kind = chosen_kind(subject.graph, by)
    dataset = subject.dataset([kind.target, kind.behaviour])
    known = truth_of(subject, dataset, kind, truth, Bounds(samples, seen, rare))
    agreements: dict[str, Agreement] = {}
    part = subject.split(dataset, split)

    def count(name: str, scores: Floats, steps: Steps) -> None:
        agreement = agreements.setdefault(name, Agreement(top))
        agreement.add(scores, known.relevance(steps), steps.offsets, known.known(steps))

    for batch in subject.passed(part, "ranking", rows):
        steps = steps_of(batch, kind)
        for node, scores in scores_of(subject, batch, len(steps.place)).items():
            count(node, scores, steps)
        with silenced(subject.model, tables_beside(subject.graph, kind)):
            for node, scores in scores_of(subject, batch, len(steps.place)).items():
                count(f"{node}, by {kind.root} and place", scores, steps)
        for name, rule in RULES.items():
            count(name, rule(steps), steps)
    return _told(agreements, known, top, split)


def _told(agreements: Mapping[str, Agreement], known: Truth, top: int, split: str) -> Findings:
    measured = {name: agreement.means() for name, agreement in agreements.items()}
    counted = next(iter(agreements.values())).rows if agreements else 0
    at = [i for i in (1, 5, 10, 20, 50, 100) if i < top] + [top]
    header = ["ranked by", *(f"NDCG@{i}" for i in at), *(f"hits@{i}" for i in at)]
    rows: list[Row] = [[name, *(n[i - 1] for i in at), *(h[i - 1] for i in at)] for name, (n, h) in measured.items()]
    figures = [
        Lines(f"{title} of retrieval", "i", {name: _points(means[k]) for name, means in measured.items()})
        for k, title in enumerate(("NDCG@i", "hits@i"))
    ]
    return Findings(
        [Listing(f"{counted:,} samples of {split}, truth: {known.name}", header, rows)],
        figures,
        {
            f"{name}/{metric}@{i}": values[k][i - 1]
            for name, values in measured.items()
            for k, metric in METRICS
            for i in at
        },
        [] if counted else ["No sample fits `samples`, `seen` and `rare`: choose smaller bounds."],
    )


METRICS = ((0, "ndcg"), (1, "hits"))


def _points(values: list[float]) -> list[tuple[float, float]]:
    return [(float(i + 1), value) for i, value in enumerate(values)]
