"""Conv4-128: Conv4 that grows wider with depth from a cheap first block, 32-64-128-128 filters.

Ours, after the growing filters of Bertinetto, Henriques, Torr, Vedaldi: Meta-learning with
Differentiable Closed-form Solvers (R2-D2). ICLR 2019. On a processor the first block costs the
most, because it sees the image at full resolution: it gets half the filters of Conv4, and the last
two blocks, which see the fewest pixels, twice as many.

Differences from R2-D2: those of conv4-512, and fewer filters in every block.
"""

from __future__ import annotations

from baselines.backbones._plain import Plain

TITLE = "Conv4-128"


class Conv4128(Plain):
    """Images of any side >= 16 -> the last map: 128 numbers from 28x28, 512 from 32x32."""

    filters = (32, 64, 128, 128)
