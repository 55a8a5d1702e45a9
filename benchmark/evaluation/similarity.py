"""How alike embeddings are, for the distances that a model may simply declare.

All are similarities (higher is more alike) between every query and every prototype.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from benchmark.errors import UnknownName

MANY = 16  # prototypes

Similarity = Callable[[Tensor, Tensor], Tensor]


def squared_euclidean(queries: Tensor, prototypes: Tensor) -> Tensor:
    """-||q - p||^2: [b, q, e] and [b, n, e] -> [b, q, n].

    ||q||^2 is the same for all classes of a query and is left out, which keeps more digits.
    """
    return 2 * dot_product(queries, prototypes) - prototypes.square().sum(dim=2)[:, None, :]


def cosine(queries: Tensor, prototypes: Tensor) -> Tensor:
    """cos(q, p): [b, q, e] and [b, n, e] -> [b, q, n]; a zero vector is alike to nothing (0)."""
    return dot_product(queries, torch.nn.functional.normalize(prototypes, dim=2))


def dot_product(queries: Tensor, prototypes: Tensor) -> Tensor:
    """<q, p>: [b, q, e] and [b, n, e] -> [b, q, n]."""
    if prototypes.shape[1] >= MANY:  # narrow results are quicker one way round, wide ones the other
        return torch.bmm(prototypes, queries.transpose(1, 2)).transpose(1, 2)
    return torch.bmm(queries, prototypes.transpose(1, 2))


def manhattan(queries: Tensor, prototypes: Tensor) -> Tensor:
    """-sum |q - p|: [b, q, e] and [b, n, e] -> [b, q, n]."""
    return -torch.cdist(queries, prototypes, p=1)


# The order of answers under the Euclidean distance and its square is the same.
SIMILARITIES: dict[str, Similarity] = {
    "euclidean": squared_euclidean,
    "squared-euclidean": squared_euclidean,
    "cosine": cosine,
    "dot-product": dot_product,
    "manhattan": manhattan,
}


def similarity(distance: str) -> Similarity:
    """The similarity that belongs to a declared distance.

    Raises:
        UnknownName: if the harness does not know it; a model with a distance of its own offers
            `compare` instead.
    """
    if distance not in SIMILARITIES:
        raise UnknownName("distance", distance, list(SIMILARITIES))
    return SIMILARITIES[distance]
