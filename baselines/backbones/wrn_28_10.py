"""WRN-28-10: 28 layers, ten times the filters of a thin residual network; 36.5 million parameters.

Zagoruyko, Komodakis: Wide Residual Networks. BMVC 2016, table 1 (depth 28, width 10, block B(3,3));
in few-shot learning since Rusu et al.: Meta-Learning with Latent Embedding Optimization. ICLR 2019.

Differences: nothing is dropped between the convolutions of a block by default, because the
benchmark's trainings are short (0.3 in the paper on CIFAR). The strides are the paper's, made for
32x32: an image of 84x84 costs 36 billion multiply-adds, ten times those of ResNet-12.
"""

from __future__ import annotations

from torch import Tensor, nn

from baselines.backbones._layers import GlobalAverage, convolution, initialise, scaled

TITLE = "WRN-28-10"
FIRST = 16
FILTERS = (160, 320, 640)  # 16, 32 and 64 times ten
BLOCKS = 4  # of a stage: (28 - 4) / 6


class Block(nn.Module):
    """Batch norm and ReLU before each of two 3x3 convolutions, beside a shortcut.

    Numbers are dropped between the convolutions (Zagoruyko and Komodakis 2016, section 2.4).
    """

    def __init__(self, inputs: int, filters: int, stride: int, drop: float) -> None:
        super().__init__()
        self.before = nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU())
        self.residual = nn.Sequential(
            convolution(inputs, filters, 3, stride),
            nn.BatchNorm2d(filters),
            nn.Sequential(nn.ReLU(), nn.Dropout(drop)),  # one place: names of weights stay
            convolution(filters, filters, 3),
        )
        same = stride == 1 and inputs == filters
        self.shortcut = None if same else convolution(inputs, filters, 1, stride)

    def forward(self, maps: Tensor) -> Tensor:
        """float32 [n, inputs, h, w] -> [n, filters, h / stride, w / stride]."""
        ready = self.before(maps)
        # The authors' code: a shortcut with weights starts after the first batch norm and ReLU.
        beside = maps if self.shortcut is None else self.shortcut(ready)
        out: Tensor = self.residual(ready) + beside
        return out


class Wrn2810(nn.Module):
    """Images of any side >= 4 -> the mean of the last map: 640 numbers.

    The maps have sides 28, 14 and 7 from 28x28; 84, 42 and 21 from 84x84.

    Args:
        channels: of the images.
        side: of the images in pixels (unused: the network is fully convolutional).
        width: factor on the number of filters.
        drop: part that is dropped in training, in [0, 1); 0.3 in the paper.
    """

    smallest = 4  # below that the last stage sees less than a pixel

    def __init__(self, channels: int, side: int, width: float = 1.0, drop: float = 0.0) -> None:
        super().__init__()
        inputs = scaled(FIRST, width)
        layers: list[nn.Module] = [convolution(channels, inputs, 3)]
        for stage, published in enumerate(FILTERS):
            filters = scaled(published, width)
            for block in range(BLOCKS):
                halve = stage > 0 and block == 0
                layers.append(Block(inputs, filters, 2 if halve else 1, drop))
                inputs = filters
        layers += [nn.BatchNorm2d(inputs), nn.ReLU(), GlobalAverage()]
        self.layers = nn.Sequential(*layers)
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e], non-negative."""
        embeddings: Tensor = self.layers(images)
        return embeddings
