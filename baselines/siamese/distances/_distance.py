"""What every distance offers: all pairs of two sets, and given pairs."""

from __future__ import annotations

from torch import Tensor, nn


class Distance(nn.Module):
    """A dissimilarity of embeddings; smaller is more alike.

    Args:
        embedding: width e of the embeddings.
    """

    def __init__(self, embedding: int) -> None:
        super().__init__()
        self.embedding = embedding

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """[..., n, e] and [..., m, e] -> [..., n, m], all pairs."""
        raise NotImplementedError

    def pairs(self, a: Tensor, b: Tensor) -> Tensor:
        """[p, e] and [p, e] -> [p], pair by pair."""
        distances: Tensor = self(a[:, None], b[:, None])
        return distances[:, 0, 0]
