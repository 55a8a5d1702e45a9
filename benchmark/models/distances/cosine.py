"""Cosine distance.

Bromley, Guyon, LeCun, Säckinger, Shah: Signature Verification Using a "Siamese" Time Delay Neural
Network. NIPS 1993, which compares its two feature vectors by the cosine of their angle.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from benchmark.models.distances._distance import Distance
from benchmark.models.distances._traits import Traits

PAPER = ("Bromley et al. 1993", "bromley1993signature")
TRAITS = Traits(
    non_negative=True,
    bounded=True,
    symmetric=True,
    learned=False,
    radius=0.6,  # validation, see recipe.py
    upper=2.0,
    power=2,  # half the squared Euclidean distance of embeddings of length one
    harness="cosine",
)


class Cosine(Distance):
    """d(a, b) = 1 - a.b / (|a| |b|), in [0, 2], symmetric; 1 where an embedding is zero."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in [0, 2]."""
        a, b = functional.normalize(a, dim=-1), functional.normalize(b, dim=-1)
        # Rounding can put the cosine a hair above one, and a distance is not negative.
        return (1 - a @ b.transpose(-1, -2)).clamp(min=0)
