"""Prototypical networks.

Snell, Swersky, Zemel: Prototypical Networks for Few-shot Learning. NIPS 2017, algorithm 1.

Idea: each class is the mean of its supports' embeddings, and a query belongs to the nearest mean.
The network learns on episodes shaped like those of the test, by the cross-entropy of a softmax over
negative squared distances.

Differences: squared distances are divided by a temperature (Oreshkin et al.: TADAM. NeurIPS 2018,
section 3.1), because fresh embeddings lie so far apart that the softmax is sure of everything; the
learning rate follows half a cosine with warm-up instead of being halved every 2000 episodes; views
are augmented; an episode's classes come from one group (alphabet) after another, where the paper
mixes all. A quick training takes smaller episodes: few large ones are too few steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.nn import functional

from baselines.episodic._episodes import (
    Episode,
    Episodic,
    EpisodicRecipe,
    squared_distances,
)
from benchmark.protocols import TrackInfo

TEMPERATURES = {"koch": 0.02}  # sigmoids differ by less than rectified units


@dataclass(frozen=True, kw_only=True)
class PrototypicalRecipe(EpisodicRecipe):
    """The recipe of a prototypical network; `classes` are its training ways."""

    temperature: float = 0.25  # of the softmax, per coordinate of the embedding; validation


class Prototypical(Episodic[PrototypicalRecipe]):
    """Classifies by the nearest class mean under squared Euclidean distance.

    Args:
        seed: draws the weights.
        track: decides input size, channels and augmentation.
        budget: "quick", "standard" or "full".
        settings: fields of `PrototypicalRecipe`.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
    """

    distance = "squared-euclidean"
    sharpness = "temperature"

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        backbone = str(settings.get("backbone", PrototypicalRecipe.backbone))
        defaults = {"temperature": TEMPERATURES[backbone]} if backbone in TEMPERATURES else {}
        super().__init__(seed, track, budget, PrototypicalRecipe, settings, defaults)

    def episode_loss(self, episode: Episode) -> Tensor:
        """Cross-entropy of the queries (eq. 2), in nats; a scalar."""
        return episode_loss(episode, self.recipe.temperature * self.recipe.embedding)


def episode_loss(episode: Episode, temperature: float) -> Tensor:
    """Cross-entropy of the queries of one episode (eq. 2), in nats; a scalar.

    Args:
        episode: embedded.
        temperature: divides the squared distances; 1 in the paper.
    """
    d = squared_distances(episode.queries, episode.support.mean(dim=1))
    return functional.cross_entropy(-d / temperature, episode.answers)
