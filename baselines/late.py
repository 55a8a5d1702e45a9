"""Weights whose shape is known only once there are training data: one row for each class."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class LateWeights(nn.Module):
    """A module some of whose weights are empty until they are made before training, or loaded.

    A network that is only loaded never learned how many classes it was trained on: the weights
    named in `late` take the shape of what is loaded.
    """

    late: tuple[str, ...]

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: Any) -> None:
        for name in self.late:
            own, kept = getattr(self, name), state_dict.get(prefix + name)
            if kept is not None and kept.shape != own.shape:
                setattr(self, name, nn.Parameter(torch.empty_like(kept, device=own.device)))
        super()._load_from_state_dict(state_dict, prefix, *args)
