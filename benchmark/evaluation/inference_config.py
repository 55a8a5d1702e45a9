"""How the harness asks a model: choices that hold for every model and stand in its recipe.

They are set like a model's own settings (`--set views=10`) but never reach its constructor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from benchmark.errors import OneshotError, Refused
from benchmark.models.model import resolved
from benchmark.settings import literal

MOST_VIEWS = 64  # of the pinned list
SHOTS = ("prototype", "nearest", "mean-similarity")
DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class InferenceConfig:
    """What the harness does with a model's embeddings and training, whatever the model.

    Attributes:
        views: pinned small views of each item whose embeddings are averaged; 1 for the item as it
            is (`benchmark.evaluation.views`).
        shots: how several supports of a class make one score: "prototype" compares with their mean
            embedding (Snell et al. 2017), "nearest" takes the most alike of them, and
            "mean-similarity" the mean of their similarities. None for the way that is usual: the
            mean similarity of a model with a `compare` of its own, else the prototype.
        final_fit: train once more on training and validation classes together, for as many items
            as the first training was best after, and answer the test with those weights.
        dtype: in which the network embeds: "float32", or by autocast "bfloat16" or "float16", which
            are quicker on some machines and change one or two decisions in a thousand. What is
            compared afterwards is float32.
    """

    views: int = 1
    shots: str | None = None
    final_fit: bool = False
    dtype: str = "float32"

    def __post_init__(self) -> None:
        if isinstance(self.views, bool) or not isinstance(self.views, int):
            raise OneshotError(f"The setting views={self.views} is not a whole number.")
        if not 1 <= self.views <= MOST_VIEWS:
            raise OneshotError(f"The setting views must lie between 1 and {MOST_VIEWS}.")
        if self.shots not in (None, *SHOTS):
            raise OneshotError(f"The setting shots={self.shots} is not one of {', '.join(SHOTS)}.")
        if not isinstance(self.final_fit, bool):
            raise OneshotError(f"The setting final_fit={self.final_fit} is not true or false.")
        if self.dtype not in DTYPES:
            raise OneshotError(f"The setting dtype={self.dtype} is not one of {', '.join(DTYPES)}.")


NAMES = tuple(field.name for field in fields(InferenceConfig))


def split(settings: Mapping[str, Any]) -> tuple[InferenceConfig, dict[str, Any]]:
    """The harness's settings out of all of them, and what is left for the model.

    Raises:
        OneshotError: a value that makes no sense.
    """
    own = {name: literal(settings[name]) for name in NAMES if name in settings}
    return InferenceConfig(**own), {name: v for name, v in settings.items() if name not in NAMES}


def recorded(config: InferenceConfig, model: object) -> dict[str, Any]:
    """The part of the recipe that says how the model was asked; only what applies to it.

    Raises:
        Refused: the model cannot be asked so.
    """
    compares = resolved(model).pair_head is not None
    embeds = resolved(model).embedder is not None
    if config.views > 1 and not embeds:
        raise Refused("Only a model that embeds can be asked with several views.", setting="views")
    if config.final_fit and not resolved(model).refits:
        raise Refused(
            "This model cannot do a final fit.",
            "A model that can declares `refits = True` and trains for `data.final_items` items.",
            setting="final_fit",
        )
    if config.dtype != "float32" and not embeds:
        raise Refused(
            "Only a model that embeds can be asked in another dtype than float32.", setting="dtype"
        )
    recipe: dict[str, Any] = {"views": config.views}
    if config.dtype != "float32":
        recipe["dtype"] = config.dtype
    if embeds and resolved(model).classifier is None:
        recipe["shots"] = config.shots or ("mean-similarity" if compares else "prototype")
    elif config.shots is not None:
        raise Refused(
            "Only a model that is asked by embeddings or pairs takes `shots`.", setting="shots"
        )
    if resolved(model).trainable is not None:
        recipe["final_fit"] = config.final_fit
    return recipe
