"""What all models that train on images or texts share: recipe, backbone and embedding."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from baselines.backbones import _build
from baselines.backbones._defaults import training_defaults
from baselines.backbones._own import with_own_batch
from baselines.backbones._pretrained import published
from baselines.recipe import TrainingRecipe, check
from baselines.search import searches
from baselines.settings import convert
from baselines.training.sizes import stages
from benchmark.errors import Refused
from benchmark.protocols import TrackInfo

R = TypeVar("R", bound=TrainingRecipe)


class TrainedNetwork(nn.Module, Generic[R]):
    """A backbone with a recipe; the methods derive from it and add `fit` and a way to answer.

    Attributes:
        recipe: everything that determines the training but data and seed.
        input_size: side in pixels of the images that `embed` wants.
        channels: of the images.
    """

    recipe: R
    refits = True
    fixed_width = False  # whether weights behind the backbone depend on its output width
    sharpness = ""  # the number that is searched beside the learning rate
    idle: frozenset[str] = frozenset()  # settings without effect, as far as a search may carry them

    def __init__(self, seed: int, recipe: R, backbone: str) -> None:
        """Builds the backbone (`backbone` is the reference, with the path of a user's file)."""
        super().__init__()
        check(recipe)
        channels, side = recipe.channels, recipe.input_size
        self.backbone = _build.build(
            backbone, channels, side, recipe.width, seed, recipe.drop, recipe.pretrained
        )
        width = _build.checked_width(backbone, self.backbone, channels, side)
        self._check_sizes(recipe, backbone, width)
        self.recipe = dataclasses.replace(recipe, embedding=width)
        self.input_size = side
        self.channels = channels
        if recipe.pretrained:  # it has seen more than the track: another pool, and told in tables
            self.pool = "pretrained"
            self.seen = (published(recipe.backbone),)

    def _check_sizes(self, recipe: R, backbone: str, width: int) -> None:
        """Refuses progressive sizes that the backbone, or what follows it, cannot take."""
        for side, _ in stages(recipe.sizes):
            try:
                other = _build.checked_width(backbone, self.backbone, recipe.channels, side)
            except Exception as error:
                raise Refused(
                    f"The backbone '{recipe.backbone}' made for {recipe.input_size} pixels does "
                    f"not take {side}: {error}."
                ) from error
            if other != width and self.fixed_width:
                raise Refused(
                    f"Progressive sizes need embeddings of one width here, but "
                    f"'{recipe.backbone}' gives {other} numbers at {side} pixels and {width} at "
                    f"{recipe.input_size}."
                )

    @property
    def searches(self) -> list[dict[str, float]]:
        """What `oneshot tune` tries, as factors on the recipe's numbers."""
        return searches(self.sharpness)

    def forward(self, images: Tensor) -> Tensor:
        """float32 [n, c, h, w] in [0, 1], or int32 [n, l] code points -> float32 [n, e]."""
        if images.ndim == 4:
            images = images.contiguous(memory_format=torch.channels_last)
        embeddings: Tensor = self.backbone(images)
        return embeddings.float()


class TrainedEmbedder(TrainedNetwork[R], Generic[R]):
    """A network that answers by its embeddings."""

    def embed(self, items: Tensor) -> Tensor:
        """float32 [n, c, h, w] in [0, 1], or int32 [n, l] code points -> float32 [n, e]."""
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
        OneshotError: a setting that does not exist, has a bad value or has no effect.
    """
    chosen = convert(recipe_type, settings)
    backbone = str(chosen.get("backbone", "conv4"))
    name, code = _build.recipe_name(backbone)
    without = training_defaults(track, backbone, budget) | dict(defaults)
    fields = without | chosen
    fields |= {"backbone": name, "backbone_code": code}
    if "items" in chosen and chosen["items"] != training_defaults(track, backbone, budget)["items"]:
        fields["budget"] = "custom"
    recipe = with_own_batch(recipe_type(**fields), track, chosen)
    _refuse_idle(recipe, track, chosen, without)
    return recipe


def _refuse_idle(
    recipe: TrainingRecipe,
    track: TrackInfo,
    chosen: Mapping[str, Any],
    without: Mapping[str, Any],
) -> None:
    """Refuses a setting that changes the recipe and nothing else: a second name for one model.

    Args:
        recipe: with all settings.
        track: of the training.
        chosen: the user's settings.
        without: fields that differ from the recipe's defaults where nothing is set.

    Raises:
        Refused: with the first such setting and the reason.
    """
    reasons = recipe.idle(track)
    defaults = {field.name: field.default for field in dataclasses.fields(recipe)} | dict(without)
    for name, value in chosen.items():
        if name in reasons and value != defaults[name]:
            raise Refused(
                f"The setting {name}={value} has no effect: {reasons[name]}.",
                f"Leave {name} out.",
                name,
            )
