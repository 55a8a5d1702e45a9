"""Progressive input size: small images first, which cost less and teach the coarse things.

Howard et al. for DAWNBench, 2018; Touvron, Vedaldi, Douze, Jegou: Fixing the Train-Test Resolution
Discrepancy. NeurIPS 2019; Tan, Le: EfficientNetV2. ICML 2021, section 4.
"""

from __future__ import annotations

from baselines.recipe import TrainingRecipe
from benchmark.errors import OneshotError

HINT = "Type for example --set sizes=48:0.4,64:0.7 (48 pixels up to 40 %, then 64 up to 70 %)."


class Sizes:
    """The side of the training images at every step.

    Args:
        recipe: `sizes` is "SIDE:UNTIL,..." with UNTIL the part of the training at which a size
            ends; after the last of them comes `input_size`, at which all testing is done.
        steps: of the whole training.

    Raises:
        OneshotError: `sizes` cannot be read, or its parts do not grow.
    """

    def __init__(self, recipe: TrainingRecipe, steps: int) -> None:
        self.steps = steps
        self.stages = stages(recipe.sizes)
        self.side = recipe.input_size

    def at(self, step: int) -> int:
        """Side in pixels of the images at `step`."""
        for side, until in self.stages:
            if step < until * self.steps:
                return side
        return self.side


def stages(text: str) -> list[tuple[int, float]]:
    """Pairs of a side and the part of the training at which it ends, from "48:0.4,64:0.7".

    Raises:
        OneshotError: the text cannot be read, or its parts do not grow.
    """
    found: list[tuple[int, float]] = []
    for part in filter(None, text.split(",")):
        side, _, until = part.partition(":")
        try:
            found.append((int(side), float(until)))
        except ValueError:
            raise OneshotError(f"The setting sizes={text} cannot be read.", HINT) from None
    ends = [until for _, until in found]
    if ends != sorted(set(ends)) or any(not 0 < end <= 1 for end in ends):
        raise OneshotError(f"The parts in sizes={text} must grow and lie between 0 and 1.", HINT)
    if any(side < 1 for side, _ in found):
        raise OneshotError(f"The sides in sizes={text} must be at least 1.", HINT)
    return found
