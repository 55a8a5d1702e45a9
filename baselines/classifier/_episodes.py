"""What the heads share: one-hot labels, centroids and similarities of many episodes at once."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def one_hot(labels: Tensor, like: Tensor) -> Tensor:
    """int64 [b, s] in [0, n_way) -> [b, s, n_way] of the dtype of `like`."""
    return functional.one_hot(labels).to(like.dtype)


def unit(embeddings: Tensor) -> Tensor:
    """[..., e] -> [..., e] of length one; zeros stay zeros."""
    return functional.normalize(embeddings, dim=-1)


def centroids(support: Tensor, labels: Tensor) -> Tensor:
    """[b, s, e], int64 [b, s] -> [b, n_way, e]: the mean of each class."""
    own = one_hot(labels, support)
    return torch.bmm(own.transpose(1, 2), support) / own.sum(dim=1)[..., None]


def cosines(queries: Tensor, prototypes: Tensor) -> Tensor:
    """[b, q, e], [b, n, e] -> [b, q, n] in [-1, 1]."""
    return torch.bmm(unit(queries), unit(prototypes).transpose(1, 2))


def squared_distances(queries: Tensor, prototypes: Tensor) -> Tensor:
    """[b, q, e], [b, n, e] -> [b, q, n], squared Euclidean, at least zero."""
    inner = torch.bmm(queries, prototypes.transpose(1, 2))
    of_queries = queries.square().sum(dim=2)[:, :, None]
    return (of_queries + prototypes.square().sum(dim=2)[:, None] - 2 * inner).clamp(min=0)
