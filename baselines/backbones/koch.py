"""The convolutional twin: large filters on whole 105x105 drawings, 4096 sigmoid units.

Koch, Zemel, Salakhutdinov: Siamese Neural Networks for One-shot Image Recognition. ICML Deep
Learning Workshop 2015, figure 4:
64@10x10, pool, 128@7x7, pool, 128@4x4, pool, 256@4x4, fully connected 4096, sigmoid.

Differences: batch norm before each ReLU, weights by He et al. 2015, and units whose inputs spread
over the sigmoid's range from the start, because the paper's network (weights from N(0, 0.01), up to
200 epochs of 30,000 to 150,000 pairs) learns nothing within a quick budget; the learning rate and
momentum per layer, found there by a Bayesian search, are not used. Its head is the distance
"weighted-l1".
"""

from __future__ import annotations

from torch import Tensor, nn

from baselines.backbones._layers import scaled
from baselines.backbones._measure import output_width

SPREAD = 3.0  # of a unit's input: mean differences between sigmoids are then 0.3, not 0.1


class Koch(nn.Module):
    """Images of side >= 65 (105 in the paper) -> 4096 numbers in (0, 1).

    Args:
        channels: of the images.
        side: of the images in pixels.
        width: factor on filters and on units.
    """

    smallest = 65  # below that the last convolution has nothing left to see

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        first, second, third, fourth, units = (scaled(n, width) for n in (64, 128, 128, 256, 4096))
        self.maps = nn.Sequential(
            nn.Conv2d(channels, first, 10),
            nn.BatchNorm2d(first),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(first, second, 7),
            nn.BatchNorm2d(second),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(second, third, 4),
            nn.BatchNorm2d(third),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(third, fourth, 4),
            nn.BatchNorm2d(fourth),
            nn.ReLU(),
            nn.Flatten(),
        )
        inputs = output_width(self.maps, channels, side)
        self.units = nn.Linear(inputs, units)
        nn.init.normal_(self.units.weight, std=SPREAD / inputs**0.5)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e] in (0, 1)."""
        embeddings: Tensor = self.units(self.maps(images)).sigmoid()
        return embeddings
