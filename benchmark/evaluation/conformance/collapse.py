"""Models that tell nothing apart, or everything upside down."""

from __future__ import annotations

import torch
from torch.nn import functional

from benchmark.evaluation.conformance.kind import Check, Finding, failed, passed, skipped
from benchmark.evaluation.conformance.subject import Subject
from benchmark.models.model import resolved

LEAST_SPREAD = 1e-3  # part of an embedding's length; below it float32 has few digits left
DEVIATIONS = 3.0  # below chance: guessing is there once in a thousand times
UNTRAINED = "it has learned nothing yet: add --train"


def _constant(subject: Subject) -> Finding:
    model = subject.fresh()
    episode = subject.embedded(model, subject.episode())
    scores = subject.scores(model, episode)
    same_for_classes = bool((scores == scores[:, :1]).all())
    if same_for_classes or bool((scores == scores[:1]).all()):
        kind = "all classes of a query" if same_for_classes else "all queries"
        return failed(f"the scores are the same for {kind}: {_accuracy(subject)}")
    # Before it has learned anything a sound model may well answer one class throughout.
    answers = subject.answers
    if subject.settled and bool((answers.correct * subject.shape[0] == answers.of).all()):
        return failed(f"every episode gives what a constant scorer gives: {_accuracy(subject)}")
    return passed("its scores tell classes and queries apart")


def _accuracy(subject: Subject) -> str:
    """How many answers are right."""
    answers = subject.answers
    right, of = int(answers.correct.sum()), answers.of * len(answers.correct)
    return f"{right} of {of} answers are right, chance is 1 in {subject.shape[0]}"


def _collapsed(subject: Subject) -> Finding:
    if not subject.embeds:
        return skipped(f"it answers by {subject.way}, not by embeddings")
    if not subject.settled:
        return skipped(UNTRAINED)
    model = subject.fresh()
    rows = subject.embed(model, subject.items).double()
    if resolved(model).geometry == "cosine":
        rows = functional.normalize(rows, dim=1)
    size = float(rows.square().sum(dim=1).mean().sqrt())
    spread = float((rows - rows.mean(dim=0)).square().sum(dim=1).mean().sqrt())
    seen = f"the spread of {len(rows)} embeddings is {spread:.2g}, their length {size:.2g}"
    if spread <= LEAST_SPREAD * size:
        return failed(f"{seen}: nearly all are the same vector")
    return passed(seen)


def _inverted(subject: Subject) -> Finding:
    if not subject.settled:
        return skipped(UNTRAINED)
    answers, chance = subject.answers, 1 / subject.shape[0]
    # Queries of one episode share its supports: the episodes are the independent draws.
    shares = torch.from_numpy(answers.correct).double() / answers.of
    error = max(float(shares.std()), (chance * (1 - chance) / answers.of) ** 0.5)
    error /= len(shares) ** 0.5
    seen = _accuracy(subject)
    if float(shares.mean()) < chance - DEVIATIONS * error:
        return failed(f"{seen}: fewer than guessing gives")
    return passed(seen)


CONSTANT = Check(
    name="constant-scores",
    claim="Its scores differ between classes and between queries; a constant scorer gets 1/N.",
    resembles=(
        "a network whose outputs are all equal, published as 100 % because the true match stood "
        "first and ties went to it; here it scores exactly 1/N"
    ),
    mend=(
        "see whether weights were loaded and the input reaches the output; lower the learning "
        "rate if training drove all outputs to one value"
    ),
    look=_constant,
)
COLLAPSED = Check(
    name="collapsed-embedding",
    claim="Embeddings of different items differ (judged once there was something to learn).",
    resembles=(
        "triplet and contrastive networks that map everything to one point, whose loss then "
        "stands still at the margin"
    ),
    mend=(
        "a lower learning rate, semi-hard instead of hardest negatives, embeddings of length one, "
        "or a look at the sign of the loss"
    ),
    look=_collapsed,
)
INVERTED = Check(
    name="upside-down",
    claim="It is right no less often than guessing (judged once there was something to learn).",
    resembles="a distance returned where a similarity is expected: the least alike class wins",
    mend="return minus the distance: higher must be more alike",
    look=_inverted,
)
