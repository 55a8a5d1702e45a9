"""R2D2: a ridge regression solved for each episode, through which the network learns.

Bertinetto, Henriques, Torr, Vedaldi: Meta-learning with Differentiable Closed-form Solvers. ICLR
2019, section 3.2.

Idea: for each episode a ridge regression from embeddings to classes is solved in closed form, and
the queries' loss is propagated through the solution: the backbone learns embeddings for which that
regression generalises.

Differences: any backbone, where the paper has one of its own (96 to 512 filters, the maps of two
layers joined); penalty and scale are learned as logarithms, so that they stay positive, and the
penalty is counted per coordinate of the embedding; targets are not divided by the root of the
number of supports, which the learned scale makes up for; beta of eq. 7 is left out, because a
softmax does not see what all classes share. As in the authors' code a column of ones stands for the
bias of the regression.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.episodic._episodes import EpisodicClassifier, EpisodicRecipe
from baselines.heads import one_hot
from baselines.ridge import ridge
from benchmark.errors import OneshotError
from benchmark.protocols import TrackInfo


@dataclass(frozen=True, kw_only=True)
class R2D2Recipe(EpisodicRecipe):
    """The recipe of R2D2; penalty and logit_scale are where learning starts."""

    penalty: float = 1.0  # lambda, per coordinate of the embedding; validation on glyphs
    logit_scale: float = 10.0  # alpha, by which the regression's answers are multiplied


class R2D2(EpisodicClassifier[R2D2Recipe]):
    """Answers by a ridge regression of the one-hot labels on the supports' embeddings.

    Args:
        seed: draws the weights.
        track: decides input size, channels and augmentation.
        budget: "quick", "standard" or "full".
        settings: fields of `R2D2Recipe`.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
    """

    sharpness = "logit_scale"

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        super().__init__(seed, track, budget, R2D2Recipe, settings)
        for name in ("penalty", "logit_scale"):
            if not getattr(self.recipe, name) > 0:
                raise OneshotError(f"The setting {name} must be above zero.")
        self.log_penalty = nn.Parameter(torch.tensor(math.log(self.recipe.penalty)))
        self.log_scale = nn.Parameter(torch.tensor(math.log(self.recipe.logit_scale)))

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """[b, s, e], int64 [b, s], [b, q, e] -> scores [b, q, n_way], eq. 7."""
        support = functional.pad(support, (0, 1), value=1.0)
        queries = functional.pad(queries, (0, 1), value=1.0)
        penalty = self.log_penalty.exp() * self.recipe.embedding
        answers = queries @ ridge(support, one_hot(labels), penalty)
        return self.log_scale.exp() * answers
