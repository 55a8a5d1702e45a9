"""Batch norm whose statistics come from the support set of the episode and nothing else.

Bronskill, Gordon, Requeima, Nowozin, Turner: TaskNorm: Rethinking Batch Normalization for
Meta-Learning. ICML 2020, section 3.2, where it is called MetaBN.

There are no running means: an episode brings its own statistics, in training as in testing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Statistics:
    """Which items of a batch are counted; all layers of one network share it."""

    def __init__(self) -> None:
        self.first: int | None = None

    @contextmanager
    def of_first(self, count: int) -> Iterator[None]:
        """Counts the first `count` items alone; outside of it all items are counted."""
        before, self.first = self.first, count
        try:
            yield
        finally:
            self.first = before


class EpisodeNorm(nn.Module):
    """Takes the place of a batch norm and keeps its gains and biases.

    Args:
        norm: the layer whose place it takes.
        statistics: which items are counted.
    """

    def __init__(self, norm: nn.BatchNorm1d | nn.BatchNorm2d, statistics: Statistics) -> None:
        super().__init__()
        self.weight = nn.Parameter(norm.weight.detach().clone())
        self.bias = nn.Parameter(norm.bias.detach().clone())
        self.epsilon = norm.eps
        self.statistics = statistics

    def forward(self, maps: Tensor) -> Tensor:
        """float32 [n, c, ...] -> the same shape, each map scaled and shifted."""
        if self.statistics.first is None:
            return nn.functional.batch_norm(
                maps, None, None, self.weight, self.bias, training=True, eps=self.epsilon
            )
        counted = maps[: self.statistics.first]
        axes = [0, *range(2, maps.ndim)]
        variance, mean = torch.var_mean(counted, dim=axes, correction=0)
        scale = self.weight * torch.rsqrt(variance + self.epsilon)
        shift = self.bias - mean * scale
        shape = (1, -1, *[1] * (maps.ndim - 2))
        return maps * scale.view(shape) + shift.view(shape)


def replace_norms(network: nn.Module, statistics: Statistics) -> nn.Module:
    """Puts an `EpisodeNorm` in the place of every batch norm, in place; gives the network back."""
    if isinstance(network, nn.BatchNorm1d | nn.BatchNorm2d):
        return EpisodeNorm(network, statistics)
    for name, layer in network.named_children():
        setattr(network, name, replace_norms(layer, statistics))
    return network
