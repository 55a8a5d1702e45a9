"""Koch's learned head: the log-odds of one class from a learned weighted L1 distance.

Koch, Zemel, Salakhutdinov: Siamese Neural Networks for One-shot Image Recognition. ICML Deep
Learning Workshop 2015, section 3.1: p = sigmoid(sum_j alpha_j |a_j - b_j|).

Differences: a bias is added, without which equal embeddings have p = 1/2 at best; the sign is
turned (alpha = -SPREAD / e * w), so that like every distance here it grows with dissimilarity; w
starts at one everywhere, so that training begins with a plain L1 distance, and in units of one, so
that the optimiser's steps fit it whatever the width of the embeddings.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.models.distances._distance import Distance
from benchmark.models.distances._traits import Traits

PAPER = ("Koch et al. 2015", "koch2015siamese")
TITLE = "weighted L1"
TRAITS = Traits(
    non_negative=False,
    bounded=False,
    symmetric=True,
    learned=True,
    logit=True,
    radius=16.0,  # log-odds: from +8 to -8
)


START = 4.0  # log-odds of two equal embeddings before training: sure, but not saturated
SPREAD = 8.0  # log-odds lost per unit of mean absolute difference before training


class WeightedL1(Distance):
    """d(a, b) = SPREAD / e * sum_j w_j |a_j - b_j| - bias = -logit(p), any number, symmetric."""

    def __init__(self, embedding: int) -> None:
        super().__init__(embedding)
        self.weight = nn.Parameter(torch.ones(embedding))
        self.bias = nn.Parameter(torch.tensor(START))
        self.scale = SPREAD / embedding

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in (-inf, inf)."""
        # w|a - b| = |wa - wb| where w > 0: two plain L1 distances need no [n, m, e] array.
        weight = self.scale * self.weight
        plus, minus = weight.relu(), (-weight).relu()
        return (
            torch.cdist(a * plus, b * plus, p=1.0)
            - torch.cdist(a * minus, b * minus, p=1.0)
            - self.bias
        )

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """[p, e] and [p, e] -> [p] in (-inf, inf)."""
        return (a - b).abs() @ (self.scale * self.weight) - self.bias
