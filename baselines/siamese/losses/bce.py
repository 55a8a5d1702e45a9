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

from baselines.siamese.losses._loss import LossSettings, PairLoss
from baselines.siamese.traits import Needs, Traits

TITLE = "BCE"
PAPER = ("Koch et al. 2015", "koch2015siamese")
NEEDS = Needs(
    batches=("class-balanced", "pairs"),
    margin=0.4,  # where the threshold starts; validation
    minable=True,
)
START = 4.0  # log-odds of two equal embeddings before training: sure, but not saturated


class Bce(PairLoss):
    """Logistic regression on the distance, trained together with the network."""

    def __init__(self, traits: Traits, settings: LossSettings) -> None:
        super().__init__(traits, settings)
        if not traits.logit:
            start = self.margin if traits.non_negative else -self.margin
            self.threshold = nn.Parameter(torch.tensor(start))
            self.log_scale = nn.Parameter(torch.tensor(math.log(START / self.margin)))

    def of_pairs(self, d: Tensor, different: Tensor) -> Tensor:
        """Distances [...] and bool [...] -> -log p(what they are) [...]."""
        logit = self.logit(d)
        return functional.softplus(torch.where(different, logit, -logit))

    def logit(self, d: Tensor) -> Tensor:
        """Distances [...] -> log-odds [...] that a pair is of one class."""
        return -d if self.traits.logit else self.log_scale.exp() * (self.threshold - d)
