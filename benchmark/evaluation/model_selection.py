"""What chooses the weights of a training: the first questions of the track's validation twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmark.datasets.data_set import Family
from benchmark.protocols.catalogue import BY_NAME
from benchmark.tasks.loading import LoadedTask

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
    protocol = BY_NAME[chooser.task.protocol]
    return lambda model: protocol.selection_score(model, chooser, way, family, seed, device)
