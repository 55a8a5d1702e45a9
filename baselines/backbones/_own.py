"""Defaults for data of the user's own: they follow what is stored and how much there is to learn.

Tracks with published records keep the pinned defaults of `_defaults`; here `TrackInfo.train` is
known. They were chosen on the validation splits of two folders, signatures of 30 writers stored at
96 pixels and faces of 40 people stored at 84, of a table of leaves, and of BANKING77.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from baselines.recipe import TrainingRecipe
from baselines.settings import settable
from benchmark.protocols import SplitSize, TrackInfo

R = TypeVar("R", bound=TrainingRecipe)

SMALLEST = 28  # pixels; smaller images are enlarged
LARGEST_CHARACTER = 96  # pixels; larger ones cost more than a quick training has
LONGEST_TEXT = 96  # letters
FEW = 2_000  # training items: large steps and small crops learn too few things by heart
# A third of the area hides what there is to compare, see `_defaults.ALIGNED`.
SMALLEST_CROP = 0.85
LEARNING_RATE = 0.001
# Views of each image in a quick training, as in `_defaults.ALIGNED_QUICK`, and the least in all.
VIEWS, LEAST_ITEMS = 25, 6_000
LEAST_BATCH = 32  # items; batches of 18 x 2 signatures taught more than of 18 x 3 (validation)
# A quick training on larger images may take twice as long as one at the usual size.
LONGER = 2


def own_defaults(
    track: TrackInfo, held: SplitSize, backbone: str, budget: str, usual: Mapping[str, Any]
) -> dict[str, Any]:
    """Fields that replace the `usual` ones of a track.

    Args:
        track: of the user's own.
        held: its training split.
        backbone: name of the backbone.
        budget: "quick", "standard" or "full".
        usual: the fields that `training_defaults` gives a track of this family.
    """
    if track.family == "text":
        return {"input_size": max(usual["input_size"], min(track.side, LONGEST_TEXT))}
    few = held.items < FEW
    shortest = max(LEAST_ITEMS, VIEWS * held.items)
    if track.family == "vector":  # 99 species of leaves: 95.3 % of validation queries, not 94.0
        return {"items": min(usual["items"], shortest)} if few and budget == "quick" else {}
    fields: dict[str, Any] = {}
    if few:
        fields["learning_rate"] = LEARNING_RATE
        if track.family == "photograph":
            fields["smallest_crop"] = SMALLEST_CROP
    if backbone == "koch":  # made for one size, and slow: its own numbers
        return fields
    items = usual["items"]
    if track.family == "character":
        side = max(SMALLEST, min(track.side, LARGEST_CHARACTER))
        items = min(items, _round(LONGER * items * (usual["input_size"] / side) ** 2))
    else:  # a quick training looks at 48 pixels: faces too learn more from them (validation)
        side = max(SMALLEST, min(track.side, usual["input_size"]))
    if few and budget == "quick":
        items = min(items, shortest)
        fields["validations"] = 6
    return fields | {"input_size": side, "items": items}


def with_own_batch(recipe: R, track: TrackInfo, chosen: Mapping[str, Any]) -> R:
    """The recipe with batches that the training split can fill.

    Fewer classes than a batch has are all in it, with more items of each where it would be very
    small: small batches are more steps. What the user has `chosen` stays.
    """
    held = track.train
    if held is None or track.labelled:
        return recipe
    fixed = {*chosen} | ({"classes", "per_class"} - {*settable(type(recipe))})
    classes, per_class = recipe.classes, recipe.per_class
    if "classes" not in fixed:
        classes = max(2, min(classes, held.classes))
    if "per_class" not in fixed:
        wanted = max(per_class, -(-min(LEAST_BATCH, recipe.classes * per_class) // classes))
        per_class = max(2, min(wanted, held.per_class))
    return dataclasses.replace(recipe, classes=classes, per_class=per_class)


def _round(items: float) -> int:
    """A number of items to two digits."""
    return int(float(f"{items:.2g}"))
