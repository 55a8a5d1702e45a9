"""Proxies: one learned embedding for each training class, weights of the loss."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from baselines.randomness import keyed
from baselines.siamese.losses._loss import Loss, LossSettings
from baselines.siamese.traits import Traits


class ProxyLoss(Loss):
    """A loss with proxies [classes, e]; there are none before `prepare` or loading weights."""

    def __init__(self, traits: Traits, settings: LossSettings) -> None:
        super().__init__(traits, settings)
        self.proxies = nn.Parameter(torch.empty(0, 0))

    def prepare(self, classes: int, embedding: int, seed: int) -> None:
        """Draws the proxies from a standard normal distribution; see `Loss.prepare`."""
        draw = torch.Generator().manual_seed(keyed(seed, 0, "proxies"))
        self.proxies = nn.Parameter(torch.randn(classes, embedding, generator=draw))

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: Any) -> None:
        # A network that is only loaded never learned how many classes it was trained on.
        kept = state_dict.get(f"{prefix}proxies")
        if kept is not None and kept.shape != self.proxies.shape:
            self.proxies = nn.Parameter(torch.empty_like(kept, device=self.proxies.device))
        super()._load_from_state_dict(state_dict, prefix, *args)
