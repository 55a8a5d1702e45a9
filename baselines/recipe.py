"""The recipe: everything that determines a training but the data and the seed, in one flat record.

Each number names where it comes from. "validation" is the accuracy on five alphabets of Omniglot's
background set (20-way 1-shot inside an alphabet), with training on the other 25. The defaults below
are those of characters and the budget "quick"; `backbones/_defaults.py` holds what differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from baselines.settings import derived
from benchmark.datasets.data_set import Family
from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.protocols import TrackInfo

BUDGETS: dict[str, dict[str, int]] = {
    # Training items: about a minute, ten minutes and an hour on two cores for a small network.
    "character": {"quick": 60_000, "standard": 400_000, "full": 2_000_000},
    "photograph": {"quick": 12_000, "standard": 200_000, "full": 1_000_000},
    "text": {"quick": 60_000, "standard": 400_000, "full": 2_000_000},
    "vector": {"quick": 60_000, "standard": 400_000, "full": 2_000_000},
}

# Settings of each kind of augmentation, without effect on the others.
VIEWS = {
    "character": ("rotation", "scale", "shear", "shift", "elastic"),
    "photograph": ("smallest_crop", "flip", "brightness", "contrast", "saturation"),
}
COLOURS = 3  # channels of images with a saturation


@dataclass(frozen=True, kw_only=True)
class TrainingRecipe:
    """What all models that train have in common; the models add their own fields."""

    # The network.
    backbone: str = "conv4"
    backbone_code: str = derived("")  # first 16 hex digits of the SHA-256 of a user's file
    width: float = 1.0  # factor on the published number of filters
    # Side in pixels, or letters of a text. 28: Vinyals et al. 2016 (characters); 84: Ravi &
    # Larochelle 2017 (photographs).
    input_size: int = 28
    drop: float = 0.0  # part that is dropped in training, of backbones that can (DropBlock)
    pretrained: bool = False  # begin with the weights that the backbone's library publishes
    channels: int = derived(1)  # follows from the track
    embedding: int = derived(64)  # follows from the backbone

    # The batches.
    classes: int = 32  # classes in a batch; validation: small batches, hence many steps
    per_class: int = 2  # items of each; validation
    classes_from: Literal["one-group", "any"] = "one-group"  # alphabet by alphabet; validation
    turns: bool = False  # quarter turns of a class as classes of their own: Santoro et al. 2016

    # The augmentation.
    augmentation: Literal["character", "photograph", "none"] = "character"
    # Koch et al. 2015, section 3.3, warp twice as much; validation wants less in so short a time.
    rotation: float = 5.0  # degrees either way
    scale: float = 0.1  # each axis by a factor 1 -+ scale
    shear: float = 0.1  # horizontal, of the height
    shift: float = 0.05  # of the side
    elastic: float = 0.0  # standard deviation of local displacements, of half the side
    smallest_crop: float = 0.35  # of the area: between Szegedy et al. 2015 (0.08) and none
    flip: bool = True  # left to right
    brightness: float = 0.4  # He et al. 2016 for ImageNet (fb.resnet.torch)
    contrast: float = 0.4  # the same
    saturation: float = 0.0  # the same says 0.4; untested here

    # The optimiser.
    optimiser: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: float = 0.004  # validation; Snell et al. 2017, section 3.1: 0.001, but longer
    momentum: float = 0.9  # of SGD
    weight_decay: float = 0.0
    schedule: Literal["cosine", "constant"] = "cosine"  # Loshchilov & Hutter 2017, without restarts
    warm_up: float = 0.05  # part of the training; Goyal et al. 2017
    largest_gradient: float = 0.0  # norm to which gradients are cut, 0 for never

    # The length of the training.
    budget: str = derived("quick")  # "custom" where `items` was set
    items: int = 60_000  # training items seen, augmented views counted
    validations: int = 8  # the best validated weights are kept
    sizes: str = ""  # smaller sides first: "48:0.4,64:0.7" is 48 up to 40 %, then 64 up to 70 %

    # The arithmetic.
    precision: Literal["float32", "bfloat16"] = "float32"
    threads: int = 2  # of the processor: weights differ with their number

    def idle(self, track: TrackInfo) -> dict[str, str]:
        """Settings that have no effect on this recipe, each with the reason.

        Recipes of models add their own. What depends on the data alone, such as whether classes
        come in groups, is not known here.
        """
        reasons: dict[str, str] = {}
        for kind, names in VIEWS.items():
            if self.augmentation != kind:
                reasons |= dict.fromkeys(names, f"the augmentation is '{self.augmentation}'")
        if self.channels != COLOURS:
            reasons["saturation"] = "the images have no colours"
        sides = {stage.partition(":")[0].strip() for stage in self.sizes.split(",")}
        if sides == {str(self.input_size)}:
            reasons["sizes"] = f"input_size is {self.input_size} in any case"
        if self.optimiser != "sgd":
            reasons["momentum"] = f"the optimiser is '{self.optimiser}'"
        return reasons


def check(recipe: TrainingRecipe) -> None:
    """Refuses numbers that make no training.

    Raises:
        OneshotError: with the field and what it must be.
    """
    at_least = {
        "input_size": 1, "classes": 2, "per_class": 2, "items": 1, "validations": 1, "threads": 1,
    }  # fmt: skip
    for name, least in at_least.items():
        if getattr(recipe, name) < least:
            raise OneshotError(f"The setting {name} must be at least {least}.")
    for name in ("width", "learning_rate"):
        if not getattr(recipe, name) > 0:
            raise OneshotError(f"The setting {name} must be above zero.")
    parts = ("scale", "shift", "elastic", "brightness", "contrast", "saturation", "warm_up",
             "smallest_crop")  # fmt: skip
    for name in parts:
        if not 0 <= getattr(recipe, name) <= 1:
            raise OneshotError(f"The setting {name} must lie between 0 and 1.")


def budget_items(budget: str, family: Family, own: dict[str, int] | None = None) -> int:
    """Training items of a budget; `own` holds a backbone's own numbers.

    Raises:
        UnknownName: there is no such budget.
        Refused: there is no recipe for this kind of data.
    """
    if family not in BUDGETS:
        raise Refused(f"There is no recipe for learning from {family} data.")
    known = BUDGETS[family]
    if budget not in known:
        raise UnknownName("budget", budget, list(known), f"Known: {', '.join(known)}.")
    return (own or {}).get(budget, known[budget])
