"""A training of seconds, so that a model can be checked once it has learned something."""

from __future__ import annotations

from typing import Any

from benchmark.errors import OneshotError
from benchmark.evaluation.conformance.samples import Sample
from benchmark.evaluation.episodes import answer
from benchmark.models.model import resolved
from benchmark.protocols import TrainingData, TrainingRun

ITEMS = 2_000  # that a model sees which can be told how many
EPISODES = 20  # that the others validate by


def train(model: object, sample: Sample, seed: int = 0) -> None:
    """Trains the model in place on the sample.

    A model that `refits` is told when to stop; any other is given the small data and trains as it
    sees fit.

    Raises:
        OneshotError: the model does not learn, or fails in it.
    """
    if resolved(model).trainable is None:
        raise OneshotError("This model does not learn: it has no method fit.", "Drop --train.")
    if resolved(model).refits:
        data = TrainingData(sample.train, None, None, ITEMS)
    else:
        n_way, n_shot = resolved(model).trained_for or (5, 1)
        task = sample.task(n_way, n_shot, 3, EPISODES)

        def validate(candidate: Any) -> float:
            answers = answer(candidate, task, episodes=EPISODES)
            return float(answers.correct.sum() / (answers.of * len(answers.correct)))

        data = TrainingData(sample.train, sample.shown, validate)
    resolved(model).fit(data, TrainingRun(seed, "cpu", None, lambda progress: None, "check"))
