"""Baseline++: a cosine classifier trained on the support.

Chen, Liu, Kira, Wang, Huang: A Closer Look at Few-shot Classification. ICLR 2019, section 3.2; SGD
as in `baseline.py`. The training classes are told apart by a cosine classifier too.

Idea: as Baseline, but the layer compares directions: its logits are cosines between an embedding
and a vector for each class, in training and on the support. That keeps the spread inside a class
small.

Differences: each iteration takes the whole support, where the authors draw batches of 4; weights
start at the class means instead of at random, so that an episode has one answer; one scale of the
logits is fixed where the authors' code learns the length of each class's weights; the backbone, the
schedule and the augmentation are the suite's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from baselines.classifier._classifier import ClassifierRecipe, PretrainedClassifier
from baselines.classifier.baseline import Descent, error
from baselines.heads import class_means, cosines, one_hot, unit
from benchmark.protocols import TrackInfo


@dataclass(frozen=True, kw_only=True)
class BaselinePlusPlusRecipe(ClassifierRecipe):
    """The recipe of Baseline++."""

    classifier: Literal["linear", "cosine"] = "cosine"
    head_steps: int = 100
    head_rate: float = 0.01
    head_decay: float = 0.001

    def idle(self, track: TrackInfo) -> dict[str, str]:
        """Settings that have no effect on this recipe, each with the reason."""
        reasons = super().idle(track)
        reasons.pop("logit_scale", None)  # the head is a cosine classifier in any case
        return reasons


class BaselinePlusPlus(PretrainedClassifier[BaselinePlusPlusRecipe]):
    """Logits of a cosine classifier that the support has trained; see `PretrainedClassifier`."""

    head = "baseline-plus-plus"
    recipe_type = BaselinePlusPlusRecipe
    may_be_zero = ("head_decay",)
    distance = "cosine"

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> cosines [b, q, n_way] in [-1, 1]."""
        recipe = self.recipe
        targets, support = one_hot(labels), unit(support)
        weights = unit(class_means(support, labels))
        descent = Descent(recipe.head_rate, recipe.head_decay)
        for _ in range(recipe.head_steps):
            logits = recipe.logit_scale * cosines(support, weights)  # [b, s, n]
            gradient = recipe.logit_scale * torch.bmm(error(logits, targets), support)
            weights = descent(weights, through_length(gradient, weights))
        return cosines(queries, weights)


def through_length(gradient: Tensor, weights: Tensor) -> Tensor:
    """The gradient [..., e] by weights of length one as the gradient by `weights` themselves."""
    direction = unit(weights)
    across = gradient - (gradient * direction).sum(dim=-1, keepdim=True) * direction
    length: Tensor = torch.linalg.vector_norm(weights, dim=-1, keepdim=True)
    along: Tensor = across / length.clamp(min=1e-12)
    return along
