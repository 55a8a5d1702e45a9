"""Nearest neighbour on raw pixels, at the size at which the images are stored.

The plain baseline of Lake, Salakhutdinov, Tenenbaum: Human-level Concept Learning through
Probabilistic Program Induction. Science 350, 2015.

Idea: two images are as unlike as their pixels are. It shows how much of a task is solved by the
pose and thickness of strokes or the colour of photographs alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from baselines.distance import with_distance
from baselines.settings import derived, with_settings
from benchmark.errors import Refused
from benchmark.protocols import TrackInfo

HINT = "For texts take ngrams-cosine."


@dataclass(frozen=True)
class PixelsRecipe:
    """How pixels are compared."""

    distance: str = "euclidean"
    distance_code: str = derived("", optional=True)  # hash of a user's file


class Pixels:
    """The identity as an embedding, of vectors too; needs neither seed nor track.

    Raises:
        Refused: the track holds texts.
    """

    def __init__(
        self, seed: int = 0, track: TrackInfo | None = None, budget: str = "quick", **settings: Any
    ) -> None:
        if track is not None and track.family == "text":
            raise Refused(f"Texts have no pixels; the track '{track.name}' holds texts.", HINT)
        self.recipe = with_distance(self, with_settings(PixelsRecipe(), settings))

    def embed(self, items: Tensor) -> Tensor:
        """float32 [n, c, h, w] -> [n, c * h * w], or [n, d] as it is."""
        return items.flatten(1)
