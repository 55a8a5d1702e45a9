"""A network with published weights, as it is: what a training elsewhere is worth here.

Donahue, Jia, Vinyals, Hoffman, Zhang, Tzeng, Darrell: DeCAF: A Deep Convolutional Activation
Feature for Generic Visual Recognition. ICML 2014.

It has seen more than any track offers (ImageNet holds the test classes of miniImageNet), so it
stands in a pool of its own.

Idea: embeds with a network that was trained elsewhere, on millions of photographs, and compares by
the cosine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.backbones import _build
from baselines.backbones._pretrained import published
from baselines.distance import with_distance
from baselines.settings import convert, derived
from benchmark.errors import OneshotError, Refused
from benchmark.protocols import TrackInfo


@dataclass(frozen=True, kw_only=True)
class FrozenRecipe:
    """The network and how its embeddings are compared."""

    backbone: str = "efficientnet-lite0"
    input_size: int = 128  # smaller than in their training, so that a processor can do it
    channels: int = derived(3)
    embedding: int = derived(1280)
    pretrained: bool = derived(True)
    distance: str = "cosine"
    distance_code: str = derived("", optional=True)  # hash of a user's file


class Frozen(nn.Module):
    """Embeds with published weights in eval mode; needs no seed.

    Raises:
        Refused: the track holds no images, or the backbone has no published weights.
        OneshotError: a package or a setting that does not exist.
    """

    pool = "pretrained"

    def __init__(self, seed: int, track: TrackInfo, budget: str = "quick", **settings: Any) -> None:
        super().__init__()
        if track.family not in ("character", "photograph"):
            raise Refused(f"Published weights see images; '{track.name}' holds {track.family}s.")
        chosen = convert(FrozenRecipe, settings)
        backbone = str(chosen.get("backbone", FrozenRecipe.backbone))
        side = int(chosen.get("input_size", FrozenRecipe.input_size))
        _build.recipe_name(backbone)  # says what is known if this is not
        channels = FrozenRecipe.channels
        try:
            self.backbone = _build.build(backbone, channels, side, 1.0, 0, pretrained=True)
        except OneshotError as error:
            # Hints of trained models name a setting that this one does not have.
            hint = "" if "pretrained=false" in error.hint else error.hint
            raise type(error)(error.message, hint) from error
        width = _build.checked_width(backbone, self.backbone, channels, side)
        self.recipe = FrozenRecipe(
            **chosen | {"backbone": backbone, "input_size": side, "embedding": width}
        )
        self.recipe = with_distance(self, self.recipe)
        self.input_size, self.channels = side, channels
        self.seen = (published(backbone),)
        self.requires_grad_(False).eval()

    def embed(self, items: Tensor) -> Tensor:
        """float32 [n, 3, h, w] in [0, 1] -> float32 [n, e]."""
        items = items.contiguous(memory_format=torch.channels_last)
        embeddings: Tensor = self.backbone(items)
        return embeddings.float()
