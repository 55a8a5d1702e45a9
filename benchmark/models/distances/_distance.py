"""What every distance offers: all pairs of two sets, and given pairs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CANCELLED = 2.0**-10  # share of the squared lengths below which a squared distance is inexact
AT_ONCE = 1 << 14  # pairs whose difference is taken at once


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


def inner(a: Tensor, b: Tensor) -> Tensor:
    """Inner products of all pairs, [..., n, e] and [..., m, e] -> [..., n, m].

    In the embeddings' own float32 even where the network runs in bfloat16, whose two to three
    digits would cancel in a difference.
    """
    with torch.autocast(a.device.type, enabled=False):
        return a @ b.transpose(-1, -2)


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """|a - b|^2 by matrix product, [..., n, e] and [..., m, e] -> [..., n, m], at least 0.

    Both sets are moved by the mean of `b` first, which changes no distance but leaves shorter
    vectors, so that |a|^2 + |b|^2 - 2ab cancels fewer digits. Where no gradient is wanted, small
    distances that cancel all the same are computed from differences.
    """
    origin = b.detach().mean(dim=-2, keepdim=True)
    a, b = a - origin, b - origin
    squares = a.square().sum(dim=-1)[..., :, None] + b.square().sum(dim=-1)[..., None, :]
    found = (squares - 2 * inner(a, b)).clamp(min=0)
    if not torch.is_grad_enabled():
        cancelled = (found < CANCELLED * squares).nonzero()
        a, b = (
            side.expand(*found.shape[:-2], *side.shape[-2:]) for side in (a, b)
        )  # of one batch shape
        for part in torch.split(cancelled, AT_ONCE):
            *batch, row, column = part.unbind(dim=1)
            apart = a[(*batch, row)] - b[(*batch, column)]
            found[(*batch, row, column)] = apart.square().sum(dim=-1)
    return found
