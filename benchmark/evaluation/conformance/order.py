"""Names of classes, order of queries and order of supports mean nothing."""

from __future__ import annotations

import torch

from benchmark.evaluation.conformance.difference import between
from benchmark.evaluation.conformance.kind import Check, Finding, failed, passed, skipped
from benchmark.evaluation.conformance.modules import cause
from benchmark.evaluation.conformance.subject import Subject

OF_THE_HARNESS = "the harness compares its embeddings itself, without regard to order"
DRAWN = "it declares `stochastic`: its answers are drawn"


def _permutation(size: int, key: int) -> torch.Tensor:
    """A permutation that is not the identity."""
    draw = torch.Generator().manual_seed(key)
    order = torch.randperm(size, generator=draw)
    return order.roll(1) if bool((order == torch.arange(size)).all()) else order


def _exempt(subject: Subject, name: str = "") -> Finding | None:
    if subject.way == "embed":
        return skipped(OF_THE_HARNESS)
    if subject.declares("stochastic"):
        return skipped(DRAWN)
    return skipped(f"it declares `{name}`") if name and subject.declares(name) else None


def _names(subject: Subject) -> Finding:
    exempt = _exempt(subject, "ordered_classes")
    if exempt:
        return exempt
    model = subject.fresh()
    episode = subject.embedded(model, subject.episode())
    before = subject.scores(model, episode)
    for key in range(3):
        names = _permutation(episode.n_way, key)
        after = subject.scores(model, episode.renamed(names))
        difference = between(before, after[:, names])  # column names[c] is now class c's
        if not difference.same:
            kept = _share(before.argmax(dim=1), after[:, names].argmax(dim=1))
            return failed(
                f"renaming the classes changes the scores: {difference}; {kept} answers still "
                f"name the same class.{cause(model)}"
            )
    return passed("renaming the classes permutes the columns and no more")


def _queries(subject: Subject) -> Finding:
    exempt = _exempt(subject)
    if exempt:
        return exempt
    model = subject.fresh()
    episode = subject.embedded(model, subject.episode())
    # Sorted by class first: a model that relies on it is right before and wrong after.
    episode = episode.only(torch.argsort(episode.answers, stable=True))
    before = subject.scores(model, episode)
    for key in range(3):
        order = _permutation(len(episode.queries), 10 + key)
        after = subject.scores(model, episode.only(order))
        difference = between(before[order], after)
        if not difference.same:
            right = [
                _share(scores.argmax(dim=1), answers)
                for scores, answers in ((before, episode.answers), (after, episode.answers[order]))
            ]
            return failed(
                f"shuffling the queries changes their scores: {difference}; right answers "
                f"{right[0]} when sorted by class, {right[1]} when shuffled.{cause(model)}"
            )
    return passed("shuffling the queries permutes the rows and no more")


def _support(subject: Subject) -> Finding:
    exempt = _exempt(subject, "ordered_support")
    if exempt:
        return exempt
    model = subject.fresh()
    episode = subject.embedded(model, subject.episode())
    before = subject.scores(model, episode)
    for key in range(3):
        order = _permutation(len(episode.support), 20 + key)
        after = subject.scores(model, episode.reordered(order))
        difference = between(before, after)
        if not difference.same:
            return failed(
                f"the same supports in another order change the scores: {difference}.{cause(model)}"
            )
    return passed("the order of the supports does not matter")


def _share(found: torch.Tensor, wanted: torch.Tensor) -> str:
    return f"{int((found == wanted).sum())} of {len(wanted)}"


CLASS_NAMES = Check(
    name="class-names",
    claim="Renaming an episode's classes permutes the columns, unless `ordered_classes`.",
    resembles=(
        "the true match kept at index 0 and `argmax == 0` counted as right, by which a collapsed "
        "network scores 100 %; and labels read as positions"
    ),
    mend=(
        "use labels only to say which supports belong together (one-hot), never as numbers or "
        "positions; a head with weights of its own for each position declares "
        "`ordered_classes = True`"
    ),
    look=_names,
)
QUERY_ORDER = Check(
    name="query-order",
    claim="Shuffling the queries permutes the rows.",
    resembles=(
        "queries assumed to come sorted by class with equally many of each, as samplers of "
        "training code give them: the position gives the answer away"
    ),
    mend="never reshape queries to [n_way, n_query]; compute each row from that query's values",
    look=_queries,
)
SUPPORT_ORDER = Check(
    name="support-order",
    claim="The order of the supports does not matter, unless `ordered_support` is declared.",
    resembles="supports reshaped to [n_way, n_shot] on the assumption that they come sorted",
    mend=(
        "average by label (one-hot matrix times support); a model that truly reads supports one "
        "after another, such as full-context matching, declares `ordered_support = True`"
    ),
    look=_support,
)
