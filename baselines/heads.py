"""What heads do with embedded episodes, many at once: class means, cosines, one-hot labels."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def one_hot(labels: Tensor) -> Tensor:
    """int64 [b, s] of all classes 0..n-1 -> float32 [b, s, n]."""
    return functional.one_hot(labels).float()


def class_means(support: Tensor, labels: Tensor) -> Tensor:
    """Prototypes, eq. 1 of Snell et al. 2017: [b, s, e], int64 [b, s] -> [b, n_way, e]."""
    members = one_hot(labels).transpose(1, 2)  # [b, n_way, s]
    return members @ support / members.sum(dim=2, keepdim=True)


def unit(embeddings: Tensor) -> Tensor:
    """[..., e] -> [..., e] of length one; zeros stay zeros."""
    return functional.normalize(embeddings, dim=-1)


def cosines(queries: Tensor, prototypes: Tensor) -> Tensor:
    """[b, q, e], [b, n, e] -> [b, q, n] in [-1, 1]."""
    return unit(queries) @ unit(prototypes).transpose(1, 2)
