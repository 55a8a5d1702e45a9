"""Hidden transduction: an item, a query, a pair or an episode alone is answered as among others."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.evaluation.conformance.difference import Difference, between
from benchmark.evaluation.conformance.kind import Check, Finding, failed, passed, skipped
from benchmark.evaluation.conformance.modules import cause
from benchmark.evaluation.conformance.subject import Subject
from benchmark.models.model import resolved

ALONE = 4  # items, queries or pairs that are asked about by themselves


def _embed(subject: Subject) -> Finding:
    if not subject.embeds:
        return skipped(f"it answers by {subject.way}, not by embeddings")
    model = subject.fresh()
    items = subject.items[torch.linspace(0, len(subject.items) - 1, 12).long()]
    together = subject.embed(model, items)
    spread = float(together.double().std(correction=0))
    picked = [0, 4, 7, 11]
    for row in picked:
        alone, why = _attempt(lambda row=row: subject.embed(model, items[row : row + 1]))
        if alone is None:
            return failed(f"one item by itself cannot be embedded: {why}.{cause(model)}")
        difference = between(together[row : row + 1], alone, spread)
        if not difference.same:
            return failed(f"an item embeds differently alone: {difference}.{cause(model)}")
    order = torch.arange(len(items) - 1, -1, -1)
    difference = between(together, subject.embed(model, items[order])[order], spread)
    if not difference.same:
        return failed(f"an item embeds differently in another order: {difference}.{cause(model)}")
    return passed(f"{len(picked)} items embed alone as among {len(items)}")


def _queries(subject: Subject) -> Finding:
    if subject.way == "embed":
        return skipped("the harness compares its embeddings itself, query by query")
    for name in ("transductive", "stochastic"):
        if subject.declares(name):
            return skipped(f"it declares `{name}`")
    model = subject.fresh()
    episode = subject.embedded(model, subject.episode())
    together = subject.scores(model, episode)
    worst = Difference(0.0, 0.0, 0.0)
    for row in range(min(ALONE, len(episode.queries))):
        one = episode.only(torch.tensor([row]))
        alone, why = _attempt(lambda one=one: subject.scores(model, one))
        if alone is None:
            return failed(f"one query by itself cannot be scored: {why}.{cause(model)}")
        difference = between(together[row], alone[0], float(together.double().std(correction=0)))
        if not difference.same:
            return failed(
                f"a query alone is scored differently from among {len(together)}: {difference}."
                f"{cause(model)}"
            )
        worst = max(worst, difference, key=lambda each: each.largest)
    return passed(f"queries alone score as among {len(together)}: {worst}")


def _pairs(subject: Subject) -> Finding:
    if subject.way not in ("compare", "similarity"):
        return skipped("it does not compare pairs")
    model = subject.fresh()
    episode = subject.embedded(model, subject.episode())
    support, queries = episode.support, episode.queries
    together = subject.pairs(model, support, queries)
    spread = float(together.double().std(correction=0))
    for number in range(ALONE):
        s, q = (3 * number) % len(support), number % len(queries)
        alone, why = _attempt(
            lambda s=s, q=q: subject.pairs(model, support[s : s + 1], queries[q : q + 1])
        )
        if alone is None:
            return failed(f"one pair by itself cannot be compared: {why}.{cause(model)}")
        difference = between(together[q, s][None], alone.flatten(), spread)
        if not difference.same:
            return failed(
                f"a pair alone compares differently from among {together.numel()}: {difference}."
                f"{cause(model)}"
            )
    return passed(f"{ALONE} pairs alone compare as among {together.numel()}")


def _episodes(subject: Subject) -> Finding:
    if subject.way != "classify":
        return skipped("it is asked one episode at a time")
    model = subject.fresh()
    episodes = [subject.embedded(model, subject.episode(number)) for number in range(3)]
    stacked = [
        torch.stack([getattr(episode, name) for episode in episodes])
        for name in ("support", "labels", "queries")
    ]
    with torch.inference_mode():
        together = resolved(model).classify(*stacked)
    wanted = [len(episodes), len(episodes[0].queries), episodes[0].n_way]
    if not isinstance(together, Tensor) or list(together.shape) != wanted:
        found = list(together.shape) if isinstance(together, Tensor) else type(together).__name__
        return failed(f"three episodes at once gave {found}; expected {wanted}")
    for scores, episode in zip(together, episodes, strict=True):
        difference = between(subject.scores(model, episode), scores)
        if not difference.same:
            return failed(f"an episode among others is scored differently: {difference}")
    return passed("three episodes at once are scored as one by one")


def _attempt(ask: object) -> tuple[Tensor | None, str]:
    """What a call gives, or why it gives nothing."""
    try:
        return ask(), ""  # type: ignore[operator]
    except Exception as error:
        return None, f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".")


def _sides(subject: Subject) -> Finding:
    if subject.way not in ("compare", "similarity"):
        return skipped("it does not compare pairs")
    if subject.declares("ordered_pairs"):
        return skipped("it declares `ordered_pairs`")
    return passed("a pair compares alike from either side")  # else it shows at scale


EMBED_ALONE = Check(
    name="embed-alone",
    claim="An item has one embedding, whatever else is in its batch; transductive models too.",
    resembles=(
        "hidden transduction: features standardised over the batch, or batch norm in training "
        "mode, so that each test item sees the others and accuracy depends on the batch"
    ),
    mend=(
        "take means and deviations from the training data and keep them with the weights; call "
        "eval() on the network"
    ),
    look=_embed,
)
QUERY_ALONE = Check(
    name="query-alone",
    claim="A query is scored alike alone and among the others, unless `transductive` is declared.",
    resembles=(
        "hidden transduction, worth up to 18 points on balanced queries: statistics over the query "
        "batch used by a method that is ranked as inductive"
    ),
    mend=(
        "score each query from the support alone; or declare `transductive = True` and stand in "
        "that pool"
    ),
    look=_queries,
)
PAIR_ALONE = Check(
    name="pair-alone",
    claim="The similarity of two items does not depend on which other pairs are asked.",
    resembles=(
        "batch norm of a relation module left in training mode, or similarities normalised over "
        "all pairs of an episode: hidden transduction"
    ),
    mend="compare each pair by itself; call eval() on the comparing network",
    look=_pairs,
)
PAIR_SYMMETRY = Check(
    name="pair-symmetry",
    claim="compare(a, b) is compare(b, a), unless `ordered_pairs` is declared.",
    resembles=(
        "a similarity that reads one side alone, such as a detector of forgeries in the probe, "
        "reported as a comparison of two items"
    ),
    mend=(
        "use |a - b|, a * b or another symmetric function of both; a model that is meant to read "
        "the support and the query differently declares `ordered_pairs = True`"
    ),
    look=_sides,
)
EPISODE_ALONE = Check(
    name="episode-alone",
    claim="Episodes that are classified at once do not see each other.",
    resembles=(
        "a mean taken over the wrong axis of a batch of episodes: prototypes mixed between them"
    ),
    mend="keep the first axis of [b, s, e] apart: matmul and bmm do, a mean over dim 0 does not",
    look=_episodes,
)
