"""Layers that several backbones are put together from."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

EIGHT = 8


def scaled(filters: int, width: float) -> int:
    """A published number of filters times the factor `width`, in whole eights.

    Published numbers are, and vector instructions take them whole.
    """
    return max(EIGHT, EIGHT * round(filters * width / EIGHT))


def conv_block(inputs: int, filters: int, pool: bool = True) -> list[nn.Module]:
    """A 3x3 convolution, batch norm, 2x2 max-pooling (if `pool`) and ReLU.

    Pooling before the ReLU gives the same numbers as after it, on a quarter of the pixels.
    """
    layers: list[nn.Module] = [nn.Conv2d(inputs, filters, 3, padding=1), nn.BatchNorm2d(filters)]
    return [*layers, nn.MaxPool2d(2), nn.ReLU()] if pool else [*layers, nn.ReLU()]


def convolution(inputs: int, filters: int, size: int, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the borders and has no bias, because batch norm follows."""
    if size == 1 and stride > 1:
        return Picked(inputs, filters, stride)
    return nn.Conv2d(inputs, filters, size, stride, padding=size // 2, bias=False)


class Picked(nn.Conv2d):
    """A 1x1 convolution of every `step`-th pixel, without bias.

    The strided convolution of oneDNN 3.12 writes past its workspace where the maps are fewer than a
    vector register holds (uxlfoundation/oneDNN issue 6035): wrong gradients or a crash. Picking the
    pixels first is the same arithmetic.
    """

    def __init__(self, inputs: int, filters: int, step: int) -> None:
        super().__init__(inputs, filters, 1, bias=False)
        self.step = step

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, inputs, h, w] -> [n, filters, ceil(h / step), ceil(w / step)]."""
        return super().forward(images[:, :, :: self.step, :: self.step])


def initialise(network: nn.Module) -> None:
    """Draws the convolutions of a residual network by He et al. 2015, by their outputs.

    A convolution of each map alone has one output for one input, as PyTorch counts its inputs.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            mode: Literal["fan_in", "fan_out"] = "fan_out" if layer.groups == 1 else "fan_in"
            nn.init.kaiming_normal_(layer.weight, mode=mode, nonlinearity="relu")


class GlobalAverage(nn.Module):
    """The mean of every map."""

    def forward(self, maps: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, c]."""
        return maps.mean(dim=(2, 3))
