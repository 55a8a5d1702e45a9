"""Hyperbolic distance in the Poincare ball.

Nickel, Kiela: Poincare Embeddings for Learning Hierarchical Representations. NIPS 2017, eq. 1, of
embeddings put into the ball by the exponential map at the origin, Khrulkov, Mirvakhabova, Ustinova,
Oseledets, Lempitsky: Hyperbolic Image Embeddings. CVPR 2020, with curvature c = 1, after
clipping them, Guo, Wang, Chen, Yu: Clipped Hyperbolic Classifiers Are Super-Hyperbolic Classifiers.
CVPR 2022.

Differences: embeddings v are divided by sqrt(e) before they are clipped, so that their length does
not grow with their number of coordinates; they are clipped to length 2, not 1, because fresh
embeddings are about 1.3 long and clipping nearly all would leave only their directions.
"""

from __future__ import annotations

import torch
from torch import Tensor

from benchmark.models.distances._distance import Distance
from benchmark.models.distances._traits import Traits

PAPER = ("Khrulkov et al. 2020", "khrulkov2020hyperbolic")
TRAITS = Traits(
    non_negative=True,
    bounded=True,
    symmetric=True,
    learned=False,
    radius=4.0,  # of 4.3 between fresh embeddings at right angles
    upper=8.0,  # between opposite points at the clipped length: 2 artanh |x| = 2 |v| each
)
CLIP = 2.0


class Hyperbolic(Distance):
    """d(x, y) = arcosh(1 + 2 |x - y|^2 / ((1 - |x|^2) (1 - |y|^2))), in [0, 8], symmetric.

    Computed as 2 arsinh(|x - y| / sqrt((1 - |x|^2) (1 - |y|^2))), the same number but with a finite
    gradient at zero; 1 - tanh^2 |v| = 1 / cosh^2 |v| loses no digits near the boundary.
    """

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in [0, 8]."""
        (x, stretch), (y, other) = self.to_ball(a), self.to_ball(b)
        apart = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
        return 2 * torch.asinh(apart * stretch * other.transpose(-1, -2))

    def to_ball(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """[..., n, e] -> points of the ball [..., n, e] and 1 / sqrt(1 - |x|^2) [..., n, 1]."""
        v = v / self.embedding**0.5
        length = torch.linalg.vector_norm(v, dim=-1, keepdim=True).clamp(min=1e-6)
        clipped = length.clamp(max=CLIP)
        return v * (clipped.tanh() / length), clipped.cosh()
