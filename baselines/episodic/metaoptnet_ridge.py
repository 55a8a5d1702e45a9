"""MetaOptNet with ridge regression (MetaOptNet-RR).

Lee, Maji, Ravichandran, Soatto: Meta-Learning with Differentiable Convex Optimization. CVPR 2019,
section 3.2 and table 4; the SVM head is not here.

Idea: the base learner of an episode is a convex problem, and its minimum can be differentiated with
respect to the embeddings. The backbone is trained so that the solution on the support does well on
the queries.

Differences: the regression is solved in closed form, where the paper hands its dual to a solver of
quadratic programmes: without constraints the solution is the same; the penalty is counted per
coordinate of the embedding (the authors' code: 50 for all); any backbone, where the paper has
ResNet-12 with DropBlock; the scale is learned as a logarithm, so that it stays positive. Against
R2D2: a fixed penalty, no bias, smoothed labels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.episodic._episodes import Episode, EpisodicClassifier, EpisodicRecipe
from baselines.heads import one_hot
from baselines.ridge import ridge
from benchmark.errors import OneshotError
from benchmark.protocols import TrackInfo


@dataclass(frozen=True, kw_only=True)
class MetaOptNetRecipe(EpisodicRecipe):
    """The recipe of MetaOptNet-RR; logit_scale is where learning starts."""

    penalty: float = 1.0  # lambda, per coordinate of the embedding; validation on glyphs
    logit_scale: float = 10.0  # gamma, eq. 12
    smoothing: float = 0.1  # part of each label that is spread over all classes: section 4.1


class MetaOptNetRidge(EpisodicClassifier[MetaOptNetRecipe]):
    """Answers by a ridge regression of fixed penalty on the supports' embeddings.

    Args:
        seed: draws the weights.
        track: decides input size, channels and augmentation.
        budget: "quick", "standard" or "full".
        settings: fields of `MetaOptNetRecipe`.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
    """

    sharpness = "logit_scale"

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        super().__init__(seed, track, budget, MetaOptNetRecipe, settings)
        for name in ("penalty", "logit_scale"):
            if not getattr(self.recipe, name) > 0:
                raise OneshotError(f"The setting {name} must be above zero.")
        if not 0 <= self.recipe.smoothing < 1:
            raise OneshotError("The setting smoothing must be at least 0 and below 1.")
        self.log_scale = nn.Parameter(torch.tensor(math.log(self.recipe.logit_scale)))

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> scores [b, q, n_way]."""
        penalty = self.recipe.penalty * self.recipe.embedding
        return self.log_scale.exp() * (queries @ ridge(support, one_hot(labels), penalty))

    def episode_loss(self, episode: Episode) -> Tensor:
        """Cross-entropy with smoothed labels, in nats; a scalar."""
        return functional.cross_entropy(
            self.scores(episode), episode.answers, label_smoothing=self.recipe.smoothing
        )
