"""What every distance offers: all pairs of two sets, and given pairs."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

CANCELLED = 2.0**-10  # share of the squared lengths below which a squared distance is inexact
AT_ONCE = 1 << 14  # pairs whose difference is taken at once
MANY = 16  # other vectors
Geometry = Literal["", "euclidean", "squared-euclidean", "cosine", "dot-product", "manhattan"]


class Distance(nn.Module):
    """A dissimilarity of embeddings; smaller is more alike.

    `forward` and `pairs` are what a network learns with. The harness ranks by `similarity` and
    scores pairs by `pair_similarity`, which follow from them unless a class has a faster or more
    exact form. `geometry` says which arithmetic the harness may then use: inner products of all
    items, means of embeddings, and float64 where float32 cancels. A subclass with a formula of its
    own inherits none of these.

    Args:
        embedding: width e of the embeddings.
    """

    geometry: ClassVar[Geometry] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        """Drops inherited forms that belong to another formula."""
        super().__init_subclass__(**options)
        own = vars(cls)
        if ("forward" in own or "pairs" in own) and "geometry" not in own:
            cls.geometry = ""
            for name in ("similarity", "pair_similarity"):
                if name not in own:
                    setattr(cls, name, getattr(Distance, name))
        if "forward" in own and "pairs" not in own:
            cls.pairs = Distance.pairs  # type: ignore[method-assign]

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

    def similarity(self, queries: Tensor, others: Tensor) -> Tensor:
        """How alike: [b, q, e] and [b, m, e] -> [b, q, m], right up to a constant for each query.

        Only the order counts. `others` are supports, prototypes or the gallery, the first argument
        of the distance.
        """
        distances: Tensor = self(others, queries)
        return -distances.transpose(-1, -2)

    def pair_similarity(self, a: Tensor, b: Tensor) -> Tensor:
        """[p, e] and [p, e] -> [p]: how alike on the scale of the distance, pair by pair."""
        return -self.pairs(a, b)


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


def products(queries: Tensor, others: Tensor) -> Tensor:
    """<q, p>: [b, q, e] and [b, m, e] -> [b, q, m], the way that is faster for the shapes."""
    if others.shape[1] >= MANY:  # narrow results are faster one way round, wide ones the other
        return torch.bmm(others, queries.transpose(1, 2)).transpose(1, 2)
    return torch.bmm(queries, others.transpose(1, 2))


def minus_squares(queries: Tensor, others: Tensor) -> Tensor:
    """-||q - p||^2 + ||q||^2: [b, q, e] and [b, m, e] -> [b, q, m].

    ||q||^2 is the same for all classes of a query and is left out, which keeps more digits.
    """
    return 2 * products(queries, others) - others.square().sum(dim=2)[:, None, :]
