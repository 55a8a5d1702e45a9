"""Conv4: four blocks of a 3x3 convolution, batch norm, ReLU and 2x2 max-pooling.

Vinyals et al.: Matching Networks for One Shot Learning. NIPS 2016; as in Snell, Swersky, Zemel:
Prototypical Networks for Few-shot Learning. NIPS 2017, section 3.1.

Differences: none. Pooling comes before the ReLU, which gives the same numbers on a quarter of the
pixels.
"""

from __future__ import annotations

from torch import Tensor, nn

FILTERS = 64  # Snell et al. 2017, section 3.1
BLOCKS = 4


class Conv4(nn.Module):
    """Images of any side >= 16 -> the flattened last map: 64 numbers from 28x28, 1600 from 84x84.

    Args:
        channels: of the images.
        side: of the images in pixels (unused: the network is fully convolutional).
        width: factor on the number of filters.
    """

    smallest = 2**BLOCKS

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        filters = max(1, round(FILTERS * width))
        blocks: list[nn.Module] = []
        for block in range(BLOCKS):
            blocks += [
                nn.Conv2d(channels if block == 0 else filters, filters, 3, padding=1),
                nn.BatchNorm2d(filters),
                nn.MaxPool2d(2),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*blocks, nn.Flatten())

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e], non-negative."""
        embeddings: Tensor = self.layers(images)
        return embeddings
