"""Relation networks: a small network compares the maps of two images.

Sung, Yang, Zhang, Xiang, Torr, Hospedales: Learning to Compare: Relation Network for Few-Shot
Learning. CVPR 2018, section 3 and figure 2: two convolutional blocks of 64 filters on both maps
together, each pooled, then 8 units and one with a sigmoid; mean squared error.

Idea: instead of a fixed distance, a second small network looks at the feature maps of a query and
of a class side by side and learns to say how well they go together. Backbone and relation module
are trained as one, on episodes.

Differences: the maps are those of any backbone; the paper's is `conv4-maps`. Where they have one
pixel (Conv4 on 28x28, and all that average their maps) or are not to be had, the embedding counts
as a map of one pixel and the convolutions, 1x1, as layers of a perceptron. A class of several
supports is the mean of their maps, not the sum (`shots=prototype`). In eq. 2 the squared errors are
summed; here the sum over the classes of a query is averaged over queries. A quick training has 10
ways: with 30, one right class among so many wrong ones teaches slowly (validation on glyphs);
longer ones have the paper's 20 for characters and 5 for photographs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.backbones._measure import last_map
from baselines.episodic._episodes import Episode, Episodic, EpisodicRecipe, head_weights
from benchmark.errors import OneshotError
from benchmark.protocols import TrackInfo


@dataclass(frozen=True, kw_only=True)
class RelationRecipe(EpisodicRecipe):
    """The recipe of a relation network."""

    classes: int = 10  # ways; validation on glyphs
    filters: int = 64  # of the relation module: figure 2
    units: int = 8  # the same


class Relation(Episodic[RelationRecipe]):
    """Compares two images by a learned score of their maps together.

    Args:
        seed: draws the weights.
        track: decides input size, channels and augmentation.
        budget: "quick", "standard" or "full".
        settings: fields of `RelationRecipe`.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
    """

    fixed_width = True
    ordered_pairs = True  # the maps of support and query are concatenated in this order

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        longer = 5 if track.family == "photograph" else 20
        defaults = {"classes": 10 if budget == "quick" else longer}
        super().__init__(seed, track, budget, RelationRecipe, settings, defaults)
        recipe = self.recipe
        if min(recipe.filters, recipe.units) < 1:
            raise OneshotError("The settings filters and units must be at least 1.")
        found = last_map(self.backbone, recipe.channels, recipe.input_size)
        self.map = found or (recipe.embedding, 1, 1)
        with head_weights(seed):
            self.relation = relation_module(self.map, recipe.filters, recipe.units)

    def compare(self, a: Tensor, b: Tensor) -> Tensor:
        """Embeddings [p, e] and [p, e] -> log-odds [p] of one class, eq. 1 before the sigmoid."""
        maps = torch.cat([a.reshape(-1, *self.map), b.reshape(-1, *self.map)], dim=1)
        log_odds: Tensor = self.relation(maps)[:, 0]
        return log_odds

    def episode_loss(self, episode: Episode) -> Tensor:
        """Squared error of each query's scores of all classes (eq. 2), a scalar."""
        classes = episode.support.mean(dim=1)  # [n_way, e]
        q, n = len(episode.queries), len(classes)
        a = classes.repeat(q, 1)
        b = episode.queries.repeat_interleave(n, dim=0)
        scores = self.compare(a, b).sigmoid().view(q, n)
        wanted = functional.one_hot(episode.answers, n).float()
        return (scores - wanted).square().sum(dim=1).mean()


def relation_module(maps: tuple[int, int, int], filters: int, units: int) -> nn.Sequential:
    """Two maps of (channels, height, width), one after the other -> log-odds [p, 1]."""
    channels, height, width = maps
    layers: list[nn.Module] = []
    inputs = 2 * channels
    for _ in range(2):
        size = (3 if height > 1 else 1, 3 if width > 1 else 1)
        padding = (size[0] // 2, size[1] // 2)
        layers += [nn.Conv2d(inputs, filters, size, padding=padding), nn.BatchNorm2d(filters)]
        layers += [nn.ReLU()]
        if min(height, width) > 1:
            layers += [nn.MaxPool2d(2)]
            height, width = height // 2, width // 2
        inputs = filters
    pixels = height * width
    head = [nn.Linear(filters * pixels, units), nn.ReLU(), nn.Linear(units, 1)]
    return nn.Sequential(*layers, nn.Flatten(), *head)
