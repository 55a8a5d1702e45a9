"""A multilayer perceptron: on pixels what is possible without looking at neighbourhoods.

It takes vectors of any length too, and texts as counts of their hashed character n-grams.

No paper; two hidden layers of 512 rectified units with dropout, as the plain baseline of many.
Batch norm behind the first layer makes it indifferent to the scale of single inputs.
"""

from __future__ import annotations

from torch import Tensor, nn

from baselines.ngrams import hashed_ngrams

TITLE = "MLP"
HIDDEN = 512
EMBEDDING = 128
DROPOUT = 0.1
BUCKETS = 4096  # of n-grams


class NgramCounts(nn.Module):
    """Code points [n, l] -> float32 [n, 4096]."""

    def forward(self, texts: Tensor) -> Tensor:
        """See `baselines.ngrams`."""
        return hashed_ngrams(texts, BUCKETS)


class Mlp(nn.Module):
    """Flattened pixels, a vector, or counts of n-grams -> 512 -> 512 -> 128 numbers.

    Args:
        channels: of the images; the length of vectors; 0 for texts.
        side: of the images in pixels; 1 for vectors; unused for texts.
        width: factor on the units.
    """

    smallest = 1
    takes = ("image", "vector", "text")

    def __init__(self, channels: int, side: int, width: float = 1.0) -> None:
        super().__init__()
        hidden, out = max(1, round(HIDDEN * width)), max(1, round(EMBEDDING * width))
        if not channels:
            self.family = "text"
        self.layers = nn.Sequential(
            nn.Flatten() if channels else NgramCounts(),
            nn.Linear(channels * side * side or BUCKETS, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(hidden, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, out),
        )

    def forward(self, items: Tensor) -> Tensor:
        """float32 [n, c, h, w] or [n, d], or code points [n, l] -> [n, e]."""
        embeddings: Tensor = self.layers(items)
        return embeddings
