"""What networks with published weights have in common: they want colours as in their training."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from benchmark.errors import Refused

IMAGENET = ("efficientnet-lite0", "torchvision:")  # published for ImageNet's thousand classes
INSTALL = "Type: pip install 'oneshot-benchmark[pretrained]'"
COLOURS = 3  # channels that published networks expect
# Krizhevsky et al. 2012 took the mean away; these numbers are those of torchvision's references.
IMAGENET_MEAN, IMAGENET_SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Normalise(nn.Module):
    """Takes a colour's mean away and divides by its standard deviation.

    Grey becomes three equal colours. That gives the numbers that filters summed over their colours
    would give, and is exact at the borders as well, where filters see zeros.

    Args:
        mean: of red, green and blue in [0, 1].
        spread: standard deviation of each.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, mean: Sequence[float], spread: Sequence[float]) -> None:
        super().__init__()
        for name, values in (("mean", mean), ("spread", spread)):
            column = torch.tensor(values, dtype=torch.float32).view(COLOURS, 1, 1)
            self.register_buffer(name, column, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, 1 or 3, h, w] in [0, 1] -> float32 [n, 3, h, w]."""
        colours = (images - self.mean) / self.spread
        return colours.contiguous(memory_format=torch.channels_last)


def refuse_unless_colours(backbone: str, channels: int) -> None:
    """Raises Refused for images that published weights cannot see."""
    if channels not in (1, COLOURS):
        raise Refused(
            f"The published weights of '{backbone}' are made for colours, not {channels} channels.",
            "Try --set pretrained=false.",
        )


def published(backbone: str) -> str:
    """What published weights have seen, as a model declares it."""
    known = backbone.startswith(IMAGENET)
    return "imagenet-1k" if known else f"published weights of {backbone}"
