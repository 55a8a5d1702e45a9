"""What all models that train on images share: the recipe, the backbone, and embedding."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from baselines.backbones import _build
from baselines.backbones._defaults import training_defaults
from baselines.recipe import TrainingRecipe, check
from baselines.settings import convert
from benchmark.protocols import TrackInfo

R = TypeVar("R", bound=TrainingRecipe)


class TrainedEmbedder(nn.Module, Generic[R]):
    """A backbone with a recipe; the methods derive from it and add `fit`.

    Attributes:
        recipe: everything that determines the training but data and seed.
        input_size: side in pixels of the images that `embed` wants.
        channels: of the images.
    """

    recipe: R

    def __init__(self, seed: int, recipe: R, backbone: str) -> None:
        """Builds the backbone (`backbone` is the reference, with the path of a user's file)."""
        super().__init__()
        check(recipe)
        channels, side = recipe.channels, recipe.input_size
        self.backbone = _build.build(backbone, channels, side, recipe.width, seed)
        width = _build.checked_width(backbone, self.backbone, channels, side)
        self.recipe = dataclasses.replace(recipe, embedding=width)
        self.input_size = side
        self.channels = channels

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] in [0, 1] -> float32 [n, e]."""
        images = images.contiguous(memory_format=torch.channels_last)
        embeddings: Tensor = self.backbone(images)
        return embeddings.float()

    def embed(self, items: Tensor) -> Tensor:
        """float32 [n, c, h, w] in [0, 1] -> float32 [n, e]."""
        embeddings: Tensor = self(items)
        return embeddings


def make_recipe(
    recipe_type: type[R],
    track: TrackInfo,
    budget: str,
    settings: Mapping[str, Any],
    defaults: Mapping[str, Any],
) -> R:
    """The recipe of a model: the track's defaults, the model's, then what the user set.

    Raises:
        OneshotError: a setting that does not exist or has a bad value.
    """
    chosen = convert(recipe_type, settings)
    backbone = str(chosen.get("backbone", "conv4"))
    name, code = _build.recipe_name(backbone)
    fields = training_defaults(track, backbone, budget) | dict(defaults) | chosen
    fields |= {"backbone": name, "backbone_code": code}
    if "items" in chosen and chosen["items"] != training_defaults(track, backbone, budget)["items"]:
        fields["budget"] = "custom"
    return recipe_type(**fields)
