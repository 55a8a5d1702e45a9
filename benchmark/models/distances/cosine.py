"""Cosine distance.

Bromley, Guyon, LeCun, Säckinger, Shah: Signature Verification Using a "Siamese" Time Delay Neural
Network. NIPS 1993, which compares its two feature vectors by the cosine of their angle.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from benchmark.models.distances._distance import Distance, products
from benchmark.models.distances._traits import Traits
from benchmark.models.distances._unit import unit

PAPER = ("Bromley et al. 1993", "bromley1993signature")
TRAITS = Traits(
    non_negative=True,
    bounded=True,
    symmetric=True,
    learned=False,
    radius=0.6,  # validation, see recipe.py
    upper=2.0,
    power=2,  # half the squared Euclidean distance of embeddings of length one
    prototypes=True,
)


class Cosine(Distance):
    """d(a, b) = 1 - a.b / (|a| |b|), in [0, 2], symmetric; 1 where an embedding is zero."""

    geometry = "cosine"

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in [0, 2]."""
        a, b = functional.normalize(a, dim=-1), functional.normalize(b, dim=-1)
        # Rounding can put the cosine a hair above one, and a distance is not negative.
        return (1 - a @ b.transpose(-1, -2)).clamp(min=0)

    def similarity(self, queries: Tensor, others: Tensor) -> Tensor:
        """cos(q, p) |q|: [b, q, e] and [b, m, e] -> [b, q, m]; 0 where one is zero."""
        return products(queries, functional.normalize(others, dim=2))

    def pair_similarity(self, a: Tensor, b: Tensor) -> Tensor:
        """cos(a, b): [p, e] and [p, e] -> [p]; 0 where one is zero."""
        return (unit(a) * unit(b)).sum(dim=-1)
