"""Binary cross-entropy of "same class or not".

Koch, Zemel, Salakhutdinov: Siamese Neural Networks for One-shot Image Recognition. ICML Deep
Learning Workshop 2015, section 3.2.

Differences: Koch's head (a learned distance that is a log-odds already) is used as it is; for a
plain distance the log-odds are scale * (threshold - d) with a learned positive scale and threshold,
which starts at the margin, or at minus the margin for a negated inner product, where the margin is
a similarity.
From a class-balanced batch all pairs are used, similar and different ones weighted equally.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.siamese.distances._distance import Distance
from baselines.siamese.losses._loss import Loss, balanced, same_class
from baselines.siamese.traits import Needs, Traits

NEEDS = Needs(
    batches=("class-balanced", "pairs"),
    margin=0.4,  # where the threshold starts; validation
)
START = 4.0  # log-odds of two equal embeddings before training: sure, but not saturated


class Bce(Loss):
    """Logistic regression on the distance, trained together with the network."""

    def __init__(self, traits: Traits, margin: float) -> None:
        super().__init__(traits, margin)
        if not traits.logit:
            self.threshold = nn.Parameter(torch.tensor(margin if traits.non_negative else -margin))
            self.log_scale = nn.Parameter(torch.tensor(math.log(START / margin)))

    def forward(
        self, distance: Distance, embeddings: Tensor, labels: Tensor, chosen: Tensor | None
    ) -> Tensor:
        """Scalar >= 0 in nats: the mean over pairs; see `Loss.forward` for the arguments."""
        if chosen is not None:
            first, second = chosen.unbind(1)
            d = distance.pairs(embeddings[first], embeddings[second])
            return self.pair_loss(d, labels[first] != labels[second]).mean()
        similar, different = same_class(labels)
        values = self.pair_loss(distance(embeddings, embeddings), different)
        return balanced(values, similar, different)

    def pair_loss(self, d: Tensor, different: Tensor) -> Tensor:
        """Distances [...] and bool [...] -> -log p(what they are) [...]."""
        logit = self.logit(d)
        return functional.softplus(torch.where(different, logit, -logit))

    def logit(self, d: Tensor) -> Tensor:
        """Distances [...] -> log-odds [...] that a pair is of one class."""
        return -d if self.traits.logit else self.log_scale.exp() * (self.threshold - d)
