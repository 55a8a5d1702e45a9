"""Prototypical networks.

Snell, Swersky, Zemel: Prototypical Networks for Few-shot Learning. NIPS 2017, algorithm 1.

Differences: squared distances are divided by a temperature (Oreshkin et al.: TADAM. NeurIPS 2018,
section 3.1), because fresh embeddings lie so far apart that the softmax is sure of everything; the
learning rate follows half a cosine with warm-up instead of being halved every 2000 episodes; views
are augmented; an episode's classes come from one group (alphabet) after another, where the paper
mixes all. A quick training takes smaller episodes: few large ones are too few steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from baselines.recipe import TrainingRecipe
from baselines.siamese.batches import Batch, class_balanced, index_classes
from baselines.trained import TrainedEmbedder, make_recipe
from baselines.training.loop import train
from benchmark.errors import OneshotError
from benchmark.protocols import TrackInfo, TrainingData, TrainingResult, TrainingRun

LARGE: dict[str, dict[str, float]] = {
    "character": {"classes": 60, "per_class": 6},  # 60 ways, 5 queries: section 3.1
    "photograph": {"classes": 20, "per_class": 16},  # 20 ways, 15 queries: section 3.2
}
TEMPERATURES = {"koch": 0.02}  # sigmoids differ by less than rectified units
EPISODES: dict[tuple[str, str], dict[str, float]] = {
    ("photograph", "quick"): {"classes": 20, "per_class": 3},
    **{(family, budget): LARGE[family] for family in LARGE for budget in ("standard", "full")},
}


@dataclass(frozen=True, kw_only=True)
class PrototypicalRecipe(TrainingRecipe):
    """The recipe of a prototypical network; `classes` are its training ways."""

    classes: int = 30  # ways; validation: many small episodes beat few large ones
    per_class: int = 2  # 1 shot and 1 query
    support: int = 1  # items of each class that make its prototype
    temperature: float = 0.25  # of the softmax, per coordinate of the embedding; validation


class Prototypical(TrainedEmbedder[PrototypicalRecipe]):
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
        defaults = EPISODES.get((track.family, budget), {})
        if backbone in TEMPERATURES:
            defaults = {**defaults, "temperature": TEMPERATURES[backbone]}
        recipe = make_recipe(PrototypicalRecipe, track, budget, settings, defaults)
        if not 0 < recipe.support < recipe.per_class:
            raise OneshotError(
                f"With {recipe.support} supports of {recipe.per_class} items a class there is "
                "nothing to learn from: support must be at least 1 and below per_class."
            )
        super().__init__(seed, recipe, backbone)

    def fit(self, data: TrainingData, run: TrainingRun) -> TrainingResult:
        """Trains on episodes and keeps the weights that validate best."""
        recipe = self.recipe
        index = index_classes(
            data.train, recipe.per_class, recipe.classes_from == "one-group", recipe.turns
        )

        temperature = recipe.temperature * recipe.embedding

        def draw(step: int) -> Batch:
            return class_balanced(index, recipe.classes, recipe.per_class, run.seed, step)

        def loss_of(images: Tensor, batch: Batch) -> Tensor:
            return episode_loss(self(images), recipe.per_class, recipe.support, temperature)

        return train(self, recipe, draw, loss_of, data=data, run=run)


def episode_loss(embeddings: Tensor, per_class: int, shots: int, temperature: float) -> Tensor:
    """Cross-entropy of the queries of one episode (eq. 2), in nats; a scalar.

    Args:
        embeddings: float [n_way * per_class, e], class after class, each with its support first.
        per_class: items of each class.
        shots: how many of them are support.
        temperature: divides the squared distances; 1 in the paper.
    """
    episode = embeddings.reshape(-1, per_class, embeddings.shape[1])  # [n_way, per_class, e]
    prototypes = episode[:, :shots].mean(dim=1)  # [n_way, e]
    queries = episode[:, shots:].flatten(0, 1)  # [n_way * n_query, e]
    d = torch.cdist(queries, prototypes, compute_mode="donot_use_mm_for_euclid_dist")
    n_way, n_query = len(prototypes), per_class - shots
    labels = torch.arange(n_way, device=embeddings.device).repeat_interleave(n_query)
    return functional.cross_entropy(-d.square() / temperature, labels)
