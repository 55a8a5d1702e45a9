"""Signal-to-noise distance.

Yuan, Deng, Tang, Tang, Chen: Signal-to-Noise Ratio: A Robust Distance Metric for Deep Metric
Learning. CVPR 2019: var(b - a) / var(a) over the coordinates, where the anchor a is the
signal and b - a the noise.

Differences: EPSILON is added to var(a), so that an anchor without signal has a finite distance.
"""

from __future__ import annotations

from torch import Tensor

from benchmark.models.distances._distance import Distance, squared_distances
from benchmark.models.distances._traits import Traits

PAPER = ("Yuan et al. 2019", "yuan2019signal")
TITLE = "signal to noise"
TRAITS = Traits(
    non_negative=True,
    bounded=False,
    symmetric=False,
    learned=False,
    radius=1.2,  # twice the cosine's: of equal variances, d is 2 (1 - correlation)
)
EPSILON = 1e-6


class SignalToNoise(Distance):
    """d(a, b) = var(b - a) / var(a), in [0, inf), not symmetric; a is the anchor or support.

    Zero between embeddings that differ by a constant.
    """

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m] in [0, inf)."""
        signal, other = (x - x.mean(dim=-1, keepdim=True) for x in (a, b))
        noise = squared_distances(signal, other) / self.embedding
        return noise / (signal.square().mean(dim=-1) + EPSILON)[..., None]

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """[p, e] and [p, e] -> [p] in [0, inf)."""
        noise = (b - a).var(dim=-1, correction=0)
        return noise / (a.var(dim=-1, correction=0) + EPSILON)
