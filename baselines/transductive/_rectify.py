"""Prototypes rectified by the queries, the step that BD-CSPN and LaplacianShot share."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from baselines.heads import class_means, cosines, one_hot


def shifted(support: Tensor, queries: Tensor) -> Tensor:
    """[b, s, e], [b, q, e] -> [b, q, e]: queries moved so that their mean is the support's."""
    return queries + (support.mean(dim=1, keepdim=True) - queries.mean(dim=1, keepdim=True))


def rectified(support: Tensor, labels: Tensor, queries: Tensor, sharpness: float) -> Tensor:
    """Class means over the support and all queries, each query in the class that it is nearest to.

    An item's weight in its class is exp(sharpness * cosine with the class mean of the support),
    over the sum of the class's weights (Liu et al. 2020, eq. 5 and 6).

    Args:
        support: float [b, s, e].
        labels: int64 [b, s].
        queries: float [b, q, e], shifted.
        sharpness: epsilon of the paper.

    Returns:
        float [b, n_way, e].
    """
    means = class_means(support, labels)
    items = torch.cat([support, queries], dim=1)
    alike = cosines(items, means)  # [b, s + q, n]
    shots = support.shape[1]
    nearest = functional.one_hot(alike[:, shots:].argmax(dim=2), alike.shape[2])
    own = torch.cat([one_hot(labels), nearest.float()], dim=1)
    weights = own * (sharpness * alike).exp()
    return torch.bmm((weights / weights.sum(dim=1, keepdim=True)).transpose(1, 2), items)
