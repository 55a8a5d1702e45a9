"""The plain convolutional network that conv4, conv6 and their wider relatives are."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from baselines.backbones._layers import conv_block, scaled


class Plain(nn.Module):
    """Blocks of a 3x3 convolution, batch norm and ReLU, of which the first `pooled` pool.

    The embedding is the flattened last map.

    Args:
        channels: of the images.
        side: of the images in pixels (unused: the network is fully convolutional).
        width: factor on the number of filters.

    Attributes:
        filters: of each block at full width.
        pooled: how many blocks halve the side; four as in Snell et al. 2017 and Chen et al.'s code.
    """

    filters: ClassVar[tuple[int, ...]]
    pooled: ClassVar[int] = 4
    smallest = 16

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        maps = [channels, *(scaled(filters, width) for filters in self.filters)]
        layers: list[nn.Module] = []
        for block, (inputs, filters) in enumerate(pairwise(maps)):
            layers += conv_block(inputs, filters, pool=block < self.pooled)
        self.layers = nn.Sequential(*layers, nn.Flatten())

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e], non-negative."""
        embeddings: Tensor = self.layers(images)
        return embeddings
