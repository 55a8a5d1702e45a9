"""A backbone with random weights: what the architecture alone is worth.

Saxe, Koh, Chen, Bhand, Suresh, Ng: On Random Weights and Unsupervised Feature Learning. ICML 2011.

Idea: convolution and pooling alone make images comparable to a degree. What a trained network
reaches beyond this is what its training was worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.backbones import _build
from baselines.backbones._defaults import default_channels, default_size
from baselines.distance import with_distance
from baselines.settings import convert, derived
from benchmark.protocols import TrackInfo


@dataclass(frozen=True, kw_only=True)
class UntrainedRecipe:
    """The network and how its embeddings are compared."""

    backbone: str = "conv4"
    backbone_code: str = derived("")  # first 16 hex digits of the SHA-256 of a user's file
    width: float = 1.0
    input_size: int = 28
    channels: int = derived(1)
    embedding: int = derived(64)
    distance: str = "euclidean"
    distance_code: str = derived("", optional=True)  # hash of a user's file


class Untrained(nn.Module):
    """Embeds with weights drawn by the seed, in eval mode.

    Raises:
        Refused: the backbone does not take what the track holds.
        OneshotError: a setting that does not exist or has a bad value.
    """

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        super().__init__()
        chosen = convert(UntrainedRecipe, settings)
        backbone = str(chosen.get("backbone", UntrainedRecipe.backbone))
        name, code = _build.recipe_name(backbone)
        side = int(chosen.get("input_size", default_size(track, backbone)))
        width = float(chosen.get("width", UntrainedRecipe.width))
        channels = default_channels(track, backbone)
        self.backbone = _build.build(backbone, channels, side, width, seed)
        fields = chosen | {
            "backbone": name,
            "backbone_code": code,
            "input_size": side,
            "channels": channels,
            "embedding": _build.checked_width(backbone, self.backbone, channels, side),
        }
        self.recipe = UntrainedRecipe(**fields)
        self.recipe = with_distance(self, self.recipe)
        self.input_size, self.channels = side, channels
        self.eval()

    def embed(self, items: Tensor) -> Tensor:
        """float32 [n, c, h, w] in [0, 1] or [n, d], or int32 [n, l] -> float32 [n, e]."""
        if items.ndim == 4:
            items = items.contiguous(memory_format=torch.channels_last)
        embeddings: Tensor = self.backbone(items)
        return embeddings
