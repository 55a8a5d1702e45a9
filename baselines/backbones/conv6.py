"""Conv6: six blocks of a 3x3 convolution, batch norm and ReLU; the first four pool.

Chen, Liu, Kira, Wang, Huang: A Closer Look at Few-shot Classification. ICLR 2019.

Differences: weights as PyTorch draws them for convolutions, as in our Conv4; theirs by He et al.
2015.
"""

from __future__ import annotations

from torch import Tensor, nn

from baselines.backbones._layers import conv_block, scaled

FILTERS = 64
BLOCKS = 6
POOLED = 4  # the authors' code: the first four blocks pool


class Conv6(nn.Module):
    """Images of any side >= 16 -> the flattened last map: 64 numbers from 28x28, 1600 from 84x84.

    Args:
        channels: of the images.
        side: of the images in pixels (unused: the network is fully convolutional).
        width: factor on the number of filters.
    """

    smallest = 2**POOLED

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        filters = scaled(FILTERS, width)
        blocks: list[nn.Module] = []
        for block in range(BLOCKS):
            inputs = channels if block == 0 else filters
            blocks += conv_block(inputs, filters, pool=block < POOLED)
        self.layers = nn.Sequential(*blocks, nn.Flatten())

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e], non-negative."""
        embeddings: Tensor = self.layers(images)
        return embeddings
