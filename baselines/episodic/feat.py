"""FEAT: prototypes that are adapted to each other by attention.

Ye, Hu, Zhan, Sha: Few-Shot Learning via Embedding Adaptation with Set-to-Set Functions. CVPR 2020,
section 3.2 and eq. 9; the layer is that of the authors' code: one head, dropout, a residual and
layer norm.

Idea: the best embedding of a class depends on the classes it must be told from. A transformer layer
over the episode's prototypes moves each of them in view of the others, and queries go to the
nearest.

Differences: the backbone is not trained as a classifier first, and there is one learning rate,
where the authors give the transformer ten times the backbone's; the temperature is counted per
coordinate of the embedding (the authors: 64 for 640) and is that of the contrastive term too. As in
the authors' code that term compares the items as they are with the adapted class means, where eq. 9
adapts both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.episodic._episodes import (
    Episode,
    EpisodicClassifier,
    EpisodicRecipe,
    head_weights,
    squared_distances,
)
from baselines.heads import class_means
from benchmark.errors import OneshotError
from benchmark.protocols import TrackInfo


@dataclass(frozen=True, kw_only=True)
class FeatRecipe(EpisodicRecipe):
    """The recipe of FEAT."""

    temperature: float = 0.25  # per coordinate of the embedding; validation on glyphs
    contrast: float = 0.1  # lambda in eq. 9, weight of the contrastive term
    head_drop: float = 0.5  # part of the attention's output that is dropped in training


class Feat(EpisodicClassifier[FeatRecipe]):
    """Classifies by the nearest adapted class mean under squared Euclidean distance.

    Args:
        seed: draws the weights.
        track: decides input size, channels and augmentation.
        budget: "quick", "standard" or "full".
        settings: fields of `FeatRecipe`.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
    """

    fixed_width = True
    sharpness = "temperature"

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        super().__init__(seed, track, budget, FeatRecipe, settings)
        recipe = self.recipe
        if not recipe.temperature > 0:
            raise OneshotError("The setting temperature must be above zero.")
        if not 0 <= recipe.head_drop < 1 or recipe.contrast < 0:
            raise OneshotError("head_drop must lie in [0, 1), contrast must not be below zero.")
        with head_weights(seed):
            self.adapt = SetToSet(recipe.embedding, recipe.head_drop)

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> scores [b, q, n_way], eq. 5."""
        return self._scores(queries, self.adapt(class_means(support, labels)))

    def episode_loss(self, episode: Episode) -> Tensor:
        """Cross-entropy of the queries and, weighted, the contrastive term (eq. 9); a scalar."""
        loss = super().episode_loss(episode)
        n_way, _, e = episode.support.shape
        queries = episode.queries.view(n_way, -1, e)
        items = torch.cat([episode.support, queries], dim=1)  # [n_way, per_class, e]
        centres = self.adapt(items).mean(dim=1)  # [n_way, e]
        answers = torch.arange(n_way, device=items.device).repeat_interleave(items.shape[1])
        contrast = functional.cross_entropy(self._scores(items.flatten(0, 1), centres), answers)
        return loss + self.recipe.contrast * contrast

    def _scores(self, queries: Tensor, centres: Tensor) -> Tensor:
        temperature = self.recipe.temperature * self.recipe.embedding
        return -squared_distances(queries, centres) / temperature


class SetToSet(nn.Module):
    """One layer of self-attention over a set, with a residual and layer norm.

    Args:
        width: e, of the members.
        drop: part of numbers that is dropped in training after the attention.
    """

    def __init__(self, width: int, drop: float) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        for layer in (self.query, self.key, self.value):
            nn.init.normal_(layer.weight, std=width**-0.5)
        self.out = nn.Linear(width, width)
        nn.init.xavier_normal_(self.out.weight)
        self.drop = nn.Dropout(drop)
        self.norm = nn.LayerNorm(width)

    def forward(self, members: Tensor) -> Tensor:
        """[b, n, e] -> [b, n, e]; the order of the members carries over and does not matter."""
        inner = self.query(members) @ self.key(members).transpose(1, 2)
        attention = (inner / members.shape[2] ** 0.5).softmax(dim=2)
        adapted: Tensor = self.norm(members + self.drop(self.out(attention @ self.value(members))))
        return adapted
