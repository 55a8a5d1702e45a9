"""The same question with the same generator, and the same seed, give the same answer."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.evaluation.conformance.difference import between
from benchmark.evaluation.conformance.kind import Check, Finding, failed, passed, skipped
from benchmark.evaluation.conformance.modules import cause
from benchmark.evaluation.conformance.subject import Subject
from benchmark.evaluation.random_state import other_random_state
from benchmark.evaluation.single_episode import Episode


def _repeatable(subject: Subject) -> Finding:
    model, episode = subject.fresh(), subject.episode()
    first = asked(subject, model, episode)
    again = asked(subject, model, episode)
    for name, expected in first.items():
        difference = between(expected, again[name])
        if not difference.same:
            return failed(f"{name} of the same items differ: {difference}.{cause(model)}")
    return passed(f"{' and '.join(first)} are the same when asked again")


def asked(subject: Subject, model: object, episode: Episode) -> dict[str, Tensor]:
    """Everything that the model says of an episode: embeddings where it embeds, and scores."""
    given = subject.embedded(model, episode)
    said = {}
    if subject.embeds:
        said["embeddings"] = torch.cat([given.support, given.queries])
    said["scores"] = subject.scores(model, given)
    return said


def _same_seed(subject: Subject) -> Finding:
    if subject.rebuild is None:
        return skipped("it was given as an object, so it cannot be built again")
    if subject.trained:
        return skipped("it was trained; type the same without --train")
    episode = subject.episode()
    one = asked(subject, subject.fresh(), episode)
    other = asked(subject, subject.ready(subject.rebuild()), episode)
    for name, expected in one.items():
        if expected.shape != other[name].shape:
            shapes = f"{list(expected.shape)} and {list(other[name].shape)}"
            return failed(f"two models built with seed 0 give {name} of shapes {shapes}")
        difference = between(expected, other[name])
        if not difference.same:
            return failed(f"two models built with seed 0 give other {name}: {difference}")
    return passed("two models built with one seed answer alike")


def _random_state(subject: Subject) -> Finding:
    model, episode = subject.fresh(), subject.episode()
    with other_random_state(1):
        first = asked(subject, model, episode)
    with other_random_state(2):
        again = asked(subject, model, episode)
    for name, expected in first.items():
        difference = between(expected, again[name])
        if not difference.same:
            return failed(
                f"{name} differ under another global random state: {difference}.{cause(model)}"
            )
    return passed("answers do not depend on the global random generators")


RANDOM_STATE = Check(
    name="random-state",
    claim="No answer depends on the state of a global random generator.",
    resembles=(
        "dropout that stays on, and projections or permutations drawn from the global generator: "
        "a number that depends on whatever ran before"
    ),
    mend=(
        "draw in the constructor from its `seed`, or from the generator that classify_episode is "
        "given; drop nothing while answering (export a network in evaluation mode)"
    ),
    look=_random_state,
)
REPEATABLE = Check(
    name="repeatable",
    claim="The same items with the same generator are answered alike, call after call.",
    resembles=(
        "a global random generator that is consumed by whatever ran before, so that a number "
        "depends on the order of the evaluation and nobody can measure it again"
    ),
    mend=(
        "draw only from the generator that classify_episode is given (a generator of your own, "
        "seeded anew in each call, elsewhere), and drop nothing while answering"
    ),
    look=_repeatable,
    gate=True,
)
SAME_SEED = Check(
    name="same-seed",
    claim="Two models built with one seed are one and the same.",
    resembles=(
        "unseeded weights: a number reported for 'seed 0' that no second run of seed 0 gives"
    ),
    mend=(
        "let the constructor take `seed` and call torch.manual_seed(seed) before it makes layers, "
        "within torch.random.fork_rng()"
    ),
    look=_same_seed,
)
