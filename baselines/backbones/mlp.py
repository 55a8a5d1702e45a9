"""A multilayer perceptron on the pixels: what is possible without looking at neighbourhoods.

No paper; two hidden layers of 512 rectified units with dropout, as the plain baseline of many.
"""

from __future__ import annotations

from torch import Tensor, nn

TITLE = "MLP"
HIDDEN = 512
EMBEDDING = 128
DROPOUT = 0.1


class Mlp(nn.Module):
    """Flattened pixels -> 512 -> 512 -> 128 numbers.

    Args:
        channels: of the images.
        side: of the images in pixels.
        width: factor on the units.
    """

    smallest = 1

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        hidden, out = max(1, round(HIDDEN * width)), max(1, round(EMBEDDING * width))
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels * side * side, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(hidden, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, out),
        )

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, e]."""
        embeddings: Tensor = self.layers(images)
        return embeddings
