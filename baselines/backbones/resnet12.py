"""ResNet-12: four residual blocks of three convolutions, 64-160-320-640 filters; 12.4 M parameters.

Lee, Maji, Ravichandran, Soatto: Meta-Learning with Differentiable Convex Optimization (MetaOptNet).
CVPR 2019, section 4.1; after Oreshkin et al.: TADAM. NeurIPS 2018. DropBlock: Ghiasi, Lin, Le:
DropBlock. NeurIPS 2018.

Differences: the embedding is the mean of the last map, as in Tian et al.: Rethinking Few-Shot Image
Classification. ECCV 2020 (Lee et al. take all 16000 numbers of 84x84); nothing is dropped by
default, because the benchmark's trainings are short, and the rate does not grow during training.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.backbones._layers import GlobalAverage, convolution, initialise, scaled

TITLE = "ResNet-12"
FILTERS = (64, 160, 320, 640)
SLOPE = 0.1  # of the leaky ReLU
DROPPED_SIDE = 5  # of a dropped square, section 4.1
DROPPED_BLOCKS = 2  # the last two drop squares, the others single numbers


class DropBlock(nn.Module):
    """Sets squares of every map to zero in training, and scales up what is left.

    Args:
        rate: expected part of a map that is dropped, in [0, 1).
        side: of a square in pixels; smaller maps are dropped whole.
    """

    def __init__(self, rate: float, side: int = DROPPED_SIDE) -> None:
        super().__init__()
        self.rate = rate
        self.side = side

    def forward(self, maps: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> the same shape."""
        if not self.training or self.rate == 0:
            return maps
        n, channels, height, width = maps.shape
        side = min(self.side, height, width)
        places = (height - side + 1, width - side + 1)  # where a square's corner can lie
        chance = self.rate / side**2 * height * width / (places[0] * places[1])
        corners = (torch.rand(n, channels, *places, device=maps.device) < chance).to(maps.dtype)
        dropped = functional.max_pool2d(functional.pad(corners, [side - 1] * 4), side, stride=1)
        kept = 1 - dropped
        return maps * kept * (kept.numel() / kept.sum().clamp(min=1))


class Block(nn.Module):
    """Three 3x3 convolutions beside a 1x1 convolution, then pooling."""

    def __init__(self, inputs: int, filters: int, drop: nn.Module) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            convolution(inputs, filters, 3),
            nn.BatchNorm2d(filters),
            nn.LeakyReLU(SLOPE),
            convolution(filters, filters, 3),
            nn.BatchNorm2d(filters),
            nn.LeakyReLU(SLOPE),
            convolution(filters, filters, 3),
            nn.BatchNorm2d(filters),
        )
        self.shortcut = nn.Sequential(convolution(inputs, filters, 1), nn.BatchNorm2d(filters))
        # Pooling before the ReLU gives the same numbers on a quarter of the pixels.
        self.after = nn.Sequential(nn.MaxPool2d(2), nn.LeakyReLU(SLOPE), drop)

    def forward(self, maps: Tensor) -> Tensor:
        """float32 [n, inputs, h, w] -> [n, filters, h // 2, w // 2]."""
        out: Tensor = self.after(self.residual(maps) + self.shortcut(maps))
        return out


class Resnet12(nn.Module):
    """Images of any side >= 16 -> the mean of the last map: 640 numbers.

    The maps have sides 14, 7, 3 and 1 from 28x28; 42, 21, 10 and 5 from 84x84.

    Args:
        channels: of the images.
        side: of the images in pixels (unused: the network is fully convolutional).
        width: factor on the number of filters.
        drop: part that is dropped in training, in [0, 1); 0.1 in the paper.
    """

    smallest = 2 ** len(FILTERS)

    def __init__(self, channels: int, side: int, width: float = 1.0, drop: float = 0.0) -> None:
        super().__init__()
        maps = [channels, *(scaled(filters, width) for filters in FILTERS)]
        blocks: list[nn.Module] = []
        for index, (inputs, filters) in enumerate(pairwise(maps)):
            squares = index >= len(FILTERS) - DROPPED_BLOCKS
            blocks.append(Block(inputs, filters, DropBlock(drop) if squares else nn.Dropout(drop)))
        self.layers = nn.Sequential(*blocks, GlobalAverage())
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e]."""
        embeddings: Tensor = self.layers(images)
        return embeddings
