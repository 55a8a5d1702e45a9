"""What chooses the weights of a training: the first questions of the track's validation twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmark.datasets.data_set import Family
from benchmark.evaluation.episodes import answer
from benchmark.evaluation.verification import score_trials
from benchmark.statistics.roc import equal_error_rate, roc
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.trials import Trials

# Episodes of the validation twin that decide during training; the record holds the whole twin.
CHOOSING_EPISODES = {"embed": 400, "compare": 200, "classify": 200, "classify_episode": 40,
                     "similarity": 20}  # fmt: skip
# Photographs cost thirty times as much to embed: fewer episodes keep choosing the cheaper part.
CHOOSING_PHOTOGRAPHS = 100
CHOOSING_TRIALS = 500  # of each kind, where the twin is a verification


def choosing_episodes(way: str, family: Family) -> int:
    """How many episodes of the validation twin decide during a training."""
    episodes = CHOOSING_EPISODES[way]
    return min(episodes, CHOOSING_PHOTOGRAPHS) if family == "photograph" else episodes


def validator(
    chooser: LoadedTask, way: str, family: Family, seed: int, device: str
) -> Callable[[Any], float]:
    """Measures a model in [0, 1], higher is better, on the first questions of the twin.

    By accuracy on episodes, or by 1 minus the equal error rate where the twin is a verification.

    Args:
        chooser: the validation twin.
        way: in which the model answers episodes, see `way_of`.
        family: of the items.
        seed: keys the generator given to episode classifiers.
        device: where models compute.
    """

    def by_episodes(model: Any) -> float:
        episodes = choosing_episodes(way, family)
        answers = answer(model, chooser, seed=seed, device=device, episodes=episodes)
        return float(answers.correct.sum() / (answers.of * len(answers.correct)))

    def by_trials(model: Any) -> float:
        asked = chooser.episodes
        assert isinstance(asked, Trials)
        each = [np.flatnonzero(asked.labels.kinds == n) for n in range(len(asked.of_kind))]
        kept = np.concatenate([trials[:CHOOSING_TRIALS] for trials in each])
        found = score_trials(model, replace(chooser, episodes=asked.take(kept)), device=device)
        return 1 - equal_error_rate(roc(found.scores, found.asked.labels.same))

    return by_trials if chooser.task.protocol == "verification" else by_episodes
