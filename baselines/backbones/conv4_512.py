"""Conv4-512: Conv4 that grows wider with depth, 96-192-384-512 filters.

The filters of Bertinetto, Henriques, Torr, Vedaldi: Meta-learning with Differentiable Closed-form
Solvers (R2-D2). ICLR 2019, in the blocks of Snell, Swersky, Zemel: Prototypical Networks for
Few-shot Learning. NIPS 2017.

Differences from R2-D2: ReLU instead of leaky ReLU, no dropout, and the last map alone instead of
the last two.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from baselines.backbones._layers import conv_block, scaled

FILTERS = (96, 192, 384, 512)


class Conv4512(nn.Module):
    """Images of any side >= 16 -> the last map: 512 numbers from 28x28, 12800 from 84x84.

    Args:
        channels: of the images.
        side: of the images in pixels (unused: the network is fully convolutional).
        width: factor on the number of filters.
    """

    smallest = 2 ** len(FILTERS)

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        maps = [channels, *(scaled(filters, width) for filters in FILTERS)]
        blocks = [layer for pair in pairwise(maps) for layer in conv_block(*pair)]
        self.layers = nn.Sequential(*blocks, nn.Flatten())

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e], non-negative."""
        embeddings: Tensor = self.layers(images)
        return embeddings
