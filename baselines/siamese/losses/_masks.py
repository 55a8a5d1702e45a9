"""Arithmetic on chosen entries of a table of pairs, which the losses share."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

LOWEST = -1e30  # instead of minus infinity, whose gradients are NaN


def same_class(labels: Tensor) -> tuple[Tensor, Tensor]:
    """int64 [b] -> bool [b, b] twice: pairs of two items of one class, and of two classes."""
    same = labels[:, None] == labels[None, :]
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return same & ~itself, ~same


def nth_of_class(labels: Tensor, n: int) -> Tensor:
    """Positions of the n-th item (from 0) of each class of two items or more, in order of class.

    Args:
        labels: int64 [b].
        n: at most 1, so that every such class has one.
    """
    same = labels[:, None] == labels[None, :]
    rank = same.tril(diagonal=-1).sum(dim=1)  # how many of its class come before it
    found = ((rank == n) & (same.sum(dim=1) > 1)).nonzero()[:, 0]
    return found[labels[found].argsort()]


def largest(values: Tensor, chosen: Tensor) -> Tensor:
    """Float and bool [n, m] -> [n], the largest chosen value, far below zero where none is."""
    return values.masked_fill(~chosen, LOWEST).amax(dim=1)


def smallest(values: Tensor, chosen: Tensor) -> Tensor:
    """Float and bool [n, m] -> [n], the smallest chosen value, far above zero where none is."""
    return values.masked_fill(~chosen, -LOWEST).amin(dim=1)


def log_sum_exp(values: Tensor, chosen: Tensor) -> Tensor:
    """Float and bool [n, m] -> [n], log sum exp of the chosen, far below zero where none is."""
    return values.masked_fill(~chosen, LOWEST).logsumexp(dim=1)


def log_one_plus_sum_exp(values: Tensor, chosen: Tensor) -> Tensor:
    """Float and bool [n, m] -> [n], log(1 + sum exp of the chosen values), at least 0."""
    return functional.softplus(log_sum_exp(values, chosen))


def mean_over(values: Tensor, chosen: Tensor, dim: int | None = None) -> Tensor:
    """Mean of the chosen values, 0 where none is chosen; both [...].

    Args:
        values: float [...].
        chosen: bool [...].
        dim: the dimension to average over, None for all; the result is then a scalar.
    """
    mean: Tensor = (values * chosen).sum(dim=dim) / chosen.sum(dim=dim).clamp(min=1)
    return mean


def highest(losses: Tensor, share: float) -> Tensor:
    """The highest share of losses [n] -> [k], at least one of them; all in place at share 1.

    After Simo-Serra, Trulls, Ferraz, Kokkinos, Fua, Moreno-Noguer: Discriminative Learning of Deep
    Convolutional Feature Point Descriptors. ICCV 2015, who learn from the pairs of highest loss
    among a larger number that only passes forward.
    """
    if share == 1:
        return losses
    count = max(1, round(share * len(losses)))
    return losses.sort(descending=True, stable=True).values[:count]
