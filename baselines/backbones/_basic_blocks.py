"""The residual network of two-convolution blocks that resnet10 and resnet18 are."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from baselines.backbones._layers import GlobalAverage, convolution, initialise, scaled

FILTERS = (64, 128, 256, 512)  # He et al. 2016, table 1


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al. 2016, figure 2 and option B)."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            convolution(inputs, filters, 3, stride),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
            convolution(filters, filters, 3),
            nn.BatchNorm2d(filters),
        )
        same = stride == 1 and inputs == filters
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(convolution(inputs, filters, 1, stride), nn.BatchNorm2d(filters))
        )
        self.relu = nn.ReLU()

    def forward(self, maps: Tensor) -> Tensor:
        """float32 [n, inputs, h, w] -> [n, filters, h / stride, w / stride]."""
        out: Tensor = self.relu(self.residual(maps) + self.shortcut(maps))
        return out


class BasicResnet(nn.Module):
    """A 3x3 convolution at full resolution, four stages of basic blocks, and the mean.

    Args:
        channels: of the images.
        side: of the images in pixels (unused: the network is fully convolutional).
        width: factor on the number of filters.

    Attributes:
        blocks: of each of the four stages; all stages but the first halve the side.
    """

    blocks: ClassVar[tuple[int, ...]]
    smallest = 8  # below that the last stages see a single pixel

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        filters = [scaled(n, width) for n in FILTERS]
        layers: list[nn.Module] = [
            convolution(channels, filters[0], 3),
            nn.BatchNorm2d(filters[0]),
            nn.ReLU(),
        ]
        inputs = filters[0]
        for stage, (outputs, count) in enumerate(zip(filters, self.blocks, strict=True)):
            for block in range(count):
                halve = stage > 0 and block == 0
                layers.append(BasicBlock(inputs, outputs, stride=2 if halve else 1))
                inputs = outputs
        self.layers = nn.Sequential(*layers, GlobalAverage())
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e], non-negative."""
        embeddings: Tensor = self.layers(images)
        return embeddings
