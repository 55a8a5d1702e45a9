"""Defaults of a recipe that depend on the backbone and on what the images show."""

from __future__ import annotations

from typing import Any

from baselines.backbones._adapters import is_adapter
from baselines.backbones._build import is_custom, takes
from baselines.backbones._own import own_defaults
from baselines.recipe import budget_items
from benchmark.errors import Refused
from benchmark.protocols import TrackInfo

# Side in pixels. 28: Vinyals et al. 2016; 84: Ravi & Larochelle 2017; 105: Koch et al. 2015, the
# size at which Omniglot is stored.
SIDES = {"character": 28, "photograph": 84}
LETTERS = 32  # of a text; what is longer is cut
KOCH_SIDE = 105
# Koch's network costs a hundred times more per image than Conv4 at 28x28 (0.9 against 0.01 billion
# multiplications): its budgets are smaller, so that "quick" stays a matter of minutes.
KOCH_ITEMS = {"quick": 6_000, "standard": 60_000, "full": 1_000_000}
# Longer trainings can use the warps of Koch et al. 2015, section 3.3 (rotation, scale; their shear
# is 0.3), and the quarter turns of Santoro et al. 2016, section 4.1, as more classes.
LONGER = {"turns": True, "rotation": 10.0, "scale": 0.2, "shear": 0.2, "shift": 0.1}

# A few hundred faces at one place: a crop of a third of the area hides what there is to compare,
# and large steps or long trainings learn the people by heart (validation, folds of orl-faces).
ALIGNED = {"smallest_crop": 0.85, "learning_rate": 0.001}
ALIGNED_QUICK = {"items": 6_000, "validations": 6}


def training_defaults(track: TrackInfo, backbone: str, budget: str) -> dict[str, Any]:
    """Fields of `TrainingRecipe` that follow from the track, the backbone and the budget.

    Raises:
        UnknownName: there is no such budget.
        Refused: the backbone does not take what the track holds.
    """
    images = track.family in SIDES
    koch = backbone == "koch"
    items = budget_items(budget, track.family, KOCH_ITEMS if koch else None)
    fields: dict[str, Any] = {
        "budget": budget,
        "items": items,
        "channels": default_channels(track, backbone),
        "input_size": default_size(track, backbone),
        "augmentation": track.family if images else "none",
    }
    if koch and budget == "quick":
        # Small batches make more steps out of few images (validation); embedding all validation
        # images takes as long as training on a third as many.
        fields |= {"classes": 12, "learning_rate": 0.003, "validations": 2}
    if track.family != "character":
        # Telling languages of one script apart teaches less than telling any (validation).
        fields |= {"classes_from": "any"}
    if track.family == "photograph":
        if budget == "quick":
            # Each embeds some 5,000 photographs, as much work as training on 2,000.
            fields |= {"validations": 3}
        if budget == "quick" and backbone.startswith("conv"):  # these take any size
            # At 48 pixels a photograph costs a third: twice as many teach more (validation).
            fields |= {"input_size": 48, "items": 2 * items}
    elif track.family == "character" and budget != "quick":
        fields |= LONGER
    if track.family == "photograph" and track.aligned:
        fields |= ALIGNED | (ALIGNED_QUICK if budget == "quick" else {})
    if track.train is not None:
        fields |= own_defaults(track, track.train, backbone, budget, fields)
    if is_custom(backbone) or is_adapter(backbone):
        fields["width"] = 1.0
    return fields


def default_size(track: TrackInfo, backbone: str) -> int:
    """Side in pixels of the images, or letters of the texts, that a backbone is given by default.

    For vectors it is 1, see `TrackInfo`.

    Raises:
        Refused: the backbone does not take what the track holds.
        UnknownName: no backbone has this name.
    """
    kinds = takes(backbone)
    holds = "image" if track.family in SIDES else track.family
    if holds not in kinds:
        other = {"text": "char-cnn", "image": "conv4", "vector": "mlp"}[holds]
        raise Refused(
            f"The backbone '{backbone}' takes {'s or '.join(kinds)}s; the track '{track.name}' "
            f"holds {track.family} data.",
            f"Try --set backbone={other}.",
        )
    if holds == "text":
        return LETTERS
    if holds == "vector":
        return track.side
    return KOCH_SIDE if backbone == "koch" else SIDES[track.family]


def default_channels(track: TrackInfo, backbone: str) -> int:
    """Channels that a backbone is built for; 0 tells one that takes more than texts of a text.

    Raises:
        UnknownName: no backbone has this name.
    """
    return 0 if track.family == "text" and len(takes(backbone)) > 1 else track.channels
