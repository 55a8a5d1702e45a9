"""Proxies: one learned embedding for each training class, weights of the loss."""

from __future__ import annotations

import torch
from torch import nn

from baselines.late import LateWeights
from baselines.randomness import keyed
from baselines.siamese.losses._loss import Loss, LossSettings
from baselines.siamese.traits import Traits


class ProxyLoss(LateWeights, Loss):
    """A loss with proxies [classes, e]; there are none before `prepare` or loading weights."""

    late = ("proxies",)

    def __init__(self, traits: Traits, settings: LossSettings) -> None:
        super().__init__(traits, settings)
        self.proxies = nn.Parameter(torch.empty(0, 0))

    def prepare(self, classes: int, embedding: int, seed: int) -> None:
        """Draws the proxies from a standard normal distribution; see `Loss.prepare`."""
        draw = torch.Generator().manual_seed(keyed(seed, 0, "proxies"))
        self.proxies = nn.Parameter(torch.randn(classes, embedding, generator=draw))
