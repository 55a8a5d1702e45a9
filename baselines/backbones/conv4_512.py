"""Conv4-512: Conv4 that grows wider with depth, 96-192-384-512 filters.

The filters of Bertinetto, Henriques, Torr, Vedaldi: Meta-learning with Differentiable Closed-form
Solvers (R2-D2). ICLR 2019, in the blocks of Snell, Swersky, Zemel: Prototypical Networks for
Few-shot Learning. NIPS 2017.

Differences from R2-D2: ReLU instead of leaky ReLU, no dropout, and the last map alone instead of
the last two.
"""

from __future__ import annotations

from baselines.backbones._plain import Plain

TITLE = "Conv4-512"


class Conv4512(Plain):
    """Images of any side >= 16 -> the last map: 512 numbers from 28x28, 12800 from 84x84."""

    filters = (96, 192, 384, 512)
