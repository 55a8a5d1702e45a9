"""Conv4 that keeps its maps: only the first two blocks pool, as relation networks have it.

Sung, Yang, Zhang, Xiang, Torr, Hospedales: Learning to Compare: Relation Network for Few-Shot
Learning. CVPR 2018, section 4.

Differences: all convolutions are padded, where the authors' code leaves the first two without.
"""

from __future__ import annotations

from baselines.backbones._plain import Plain

TITLE = "Conv4 with maps"


class Conv4Maps(Plain):
    """Images of any side >= 4 -> the last map: 3136 numbers (64 x 7 x 7) from 28x28."""

    filters = (64,) * 4
    pooled = 2
    smallest = 2**pooled
