"""Ridge regression in closed form, batched and differentiable."""

from __future__ import annotations

import torch
from torch import Tensor


def ridge(points: Tensor, targets: Tensor, penalty: Tensor | float) -> Tensor:
    """The W that minimises ||X W - Y||^2 + penalty ||W||^2, without a bias.

    Solved in the smaller of both dimensions; with s <= e that is the Woodbury form of Bertinetto
    et al. 2019, eq. 6: W = X^T (X X^T + penalty I)^-1 Y.

    Args:
        points: X, float [b, s, e].
        targets: Y, float [b, s, n].
        penalty: above zero.

    Returns:
        W, float [b, e, n].
    """
    _, s, e = points.shape
    turned = points.transpose(1, 2)
    if s <= e:
        return turned @ _solve(points @ turned, targets, penalty)
    return _solve(turned @ points, turned @ targets, penalty)


def _solve(gram: Tensor, right: Tensor, penalty: Tensor | float) -> Tensor:
    eye = torch.eye(gram.shape[1], device=gram.device, dtype=gram.dtype)
    solved: Tensor = torch.linalg.solve(gram + penalty * eye, right)
    return solved
